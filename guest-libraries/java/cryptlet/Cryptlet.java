package cryptlet;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A Cryptlet in Java: one program, one run.
 *
 * <pre>{@code
 * public static void main(String[] arguments) {
 *     Cryptlet.serve((trigger, host) -> observation);
 * }
 * }</pre>
 */
public interface Cryptlet {
    /** Gives the observation. */
    Map<String, Object> run(Map<?, ?> trigger, Host host) throws Refusal;

    /** Serves the one run of this program. */
    static void serve(Cryptlet cryptlet) {
        PrintStream out = System.out;
        // A stray println would break the protocol.
        System.setOut(System.err);
        Host host = new Host(out);
        Map<?, ?> trigger = (Map<?, ?>) host.read("trigger");
        Map<String, Object> outcome = new LinkedHashMap<>();
        try {
            outcome.put("ok", Map.of("observation", cryptlet.run(trigger, host)));
        } catch (Refusal refusal) {
            outcome.put("error", error(refusal));
        } catch (RuntimeException failure) {
            outcome.put("error", error(new Refusal("CRYPTLET_FAILED").with("reason", failure)));
        }
        host.write("outcome", outcome);
    }

    private static Map<String, Object> error(Refusal refusal) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("code", refusal.code);
        error.put("arguments", refusal.arguments);
        return error;
    }
}
