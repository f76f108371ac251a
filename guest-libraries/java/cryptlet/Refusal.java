package cryptlet;

import java.util.LinkedHashMap;
import java.util.Map;

/** Ends a run with a code of the fabric's catalogue and its arguments. */
public final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    public final String code;
    public final transient Map<String, Object> arguments = new LinkedHashMap<>();

    public Refusal(String code) {
        super(code, null, false, false);
        this.code = code;
    }

    public Refusal with(String name, Object value) {
        arguments.put(name, String.valueOf(value));
        return this;
    }
}
