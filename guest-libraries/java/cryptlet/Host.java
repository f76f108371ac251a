package cryptlet;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the enclave does for a run: lines of JSON over standard input and output. */
public final class Host {
    private final BufferedReader in;
    private final PrintStream out;

    Host(PrintStream out) {
        this.in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        this.out = out;
    }

    /** Any host call; gives what the enclave answered. Throws the refusal that it answered with. */
    public Object call(Map<String, Object> request) throws Refusal {
        write("call", request);
        Map<?, ?> answer = (Map<?, ?>) read("answer");
        if (!answer.containsKey("error")) return answer.get("ok");
        Map<?, ?> error = (Map<?, ?>) answer.get("error");
        Refusal refusal = new Refusal((String) error.get("code"));
        ((Map<?, ?>) error.get("arguments")).forEach((name, value) -> refusal.with((String) name, value));
        throw refusal;
    }

    /** Answers in the order of the requests; each has {@code ok}. */
    public List<?> httpAll(List<Map<String, Object>> requests) throws Refusal {
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("op", "http.all");
        request.put("requests", requests);
        return (List<?>) call(request);
    }

    public void log(String level, String message) throws Refusal {
        call(Map.of("op", "log", "level", level, "message", message));
    }

    /** ms since epoch. */
    public long now() throws Refusal {
        return Long.parseLong(call(Map.of("op", "time.now")).toString());
    }

    Object read(String name) {
        try {
            String line = in.readLine();
            if (line == null) throw new IllegalStateException("the enclave said no more");
            return ((Map<?, ?>) Json.parse(line)).get(name);
        } catch (IOException | Json.Invalid error) {
            throw new IllegalStateException(error);
        }
    }

    void write(String name, Object content) {
        Map<String, Object> frame = new LinkedHashMap<>();
        frame.put(name, content);
        out.print(Json.write(frame) + "\n");
        out.flush();
    }
}
