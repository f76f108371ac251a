package cryptlet;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON (RFC 8259), strictly: objects are {@code Map<String, Object>}, lists {@code List<Object>}, texts {@code String},
 * numbers {@link Json.Number} as they were written, then {@code Boolean} and null. A key stands once; no value lies
 * inside more than 32 containers.
 */
public final class Json {
    public static final int MAX_DEPTH = 32;

    /** A number as its text: prices are no floats. */
    public record Number(String text) {
        @Override
        public String toString() {
            return text;
        }
    }

    /** Text that is no JSON. */
    public static final class Invalid extends Exception {
        private static final long serialVersionUID = 1;

        Invalid(String message) {
            super(message);
        }
    }

    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    public static Object parse(String text) throws Invalid {
        Json reader = new Json(text);
        Object value = reader.value(0);
        reader.blanks();
        if (reader.at < text.length()) throw reader.invalid("something stands behind the value");
        return value;
    }

    /** One line of ASCII. Takes what {@link #parse} gives, and Integer, Long. */
    public static String write(Object value) {
        StringBuilder out = new StringBuilder();
        write(out, value);
        return out.toString();
    }

    private Invalid invalid(String reason) {
        return new Invalid(reason + " at " + at);
    }

    private void blanks() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) at += 1;
    }

    private boolean skip(char character) {
        blanks();
        if (at >= text.length() || text.charAt(at) != character) return false;
        at += 1;
        return true;
    }

    private void need(char character) throws Invalid {
        if (!skip(character)) throw invalid("'" + character + "' should stand here");
    }

    private Object value(int depth) throws Invalid {
        if (depth > MAX_DEPTH) throw invalid("the nesting is too deep");
        if (skip('{')) return members(depth + 1);
        if (skip('[')) return elements(depth + 1);
        if (at < text.length() && text.charAt(at) == '"') return string();
        if (word("null")) return null;
        if (word("true")) return Boolean.TRUE;
        if (word("false")) return Boolean.FALSE;
        return number();
    }

    private boolean word(String word) {
        if (!text.startsWith(word, at)) return false;
        at += word.length();
        return true;
    }

    private Map<String, Object> members(int depth) throws Invalid {
        Map<String, Object> object = new LinkedHashMap<>();
        if (skip('}')) return object;
        do {
            blanks();
            if (at >= text.length() || text.charAt(at) != '"') throw invalid("a key should stand here");
            String key = string();
            if (object.containsKey(key)) throw invalid("a key stands twice");
            need(':');
            object.put(key, value(depth));
        } while (skip(','));
        need('}');
        return object;
    }

    private List<Object> elements(int depth) throws Invalid {
        List<Object> list = new ArrayList<>();
        if (skip(']')) return list;
        do list.add(value(depth));
        while (skip(','));
        need(']');
        return list;
    }

    private char next() throws Invalid {
        if (at >= text.length()) throw invalid("the text breaks off");
        return text.charAt(at++);
    }

    private String string() throws Invalid {
        StringBuilder out = new StringBuilder();
        at += 1;
        for (;;) {
            char character = next();
            if (character == '"') return out.toString();
            if (character < ' ') throw invalid("a control character");
            out.append(character == '\\' ? escape() : character);
        }
    }

    private char escape() throws Invalid {
        char character = next();
        int named = "\"\\/bfnrt".indexOf(character);
        if (named >= 0) return "\"\\/\b\f\n\r\t".charAt(named);
        if (character != 'u') throw invalid("an unknown escape");
        int unit = 0;
        for (int digits = 0; digits < 4; digits += 1) {
            int digit = "0123456789abcdefABCDEF".indexOf(next());
            if (digit < 0) throw invalid("an escape without four hex digits");
            unit = unit * 16 + (digit > 15 ? digit - 6 : digit);
        }
        return (char) unit;
    }

    private boolean digits() {
        int from = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') at += 1;
        return at > from;
    }

    private Number number() throws Invalid {
        int from = at;
        if (at < text.length() && text.charAt(at) == '-') at += 1;
        if (at < text.length() && text.charAt(at) == '0') at += 1;
        else if (!digits()) throw invalid("a value should stand here");
        if (at < text.length() && text.charAt(at) == '.') {
            at += 1;
            if (!digits()) throw invalid("a digit should stand here");
        }
        if (at < text.length() && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
            at += 1;
            if (at < text.length() && (text.charAt(at) == '+' || text.charAt(at) == '-')) at += 1;
            if (!digits()) throw invalid("a digit should stand here");
        }
        return new Number(text.substring(from, at));
    }

    private static void write(StringBuilder out, Object value) {
        if (value instanceof Map<?, ?> object) {
            String between = "{";
            for (Map.Entry<?, ?> member : object.entrySet()) {
                out.append(between);
                quote(out, (String) member.getKey());
                out.append(':');
                write(out, member.getValue());
                between = ",";
            }
            out.append(object.isEmpty() ? "{}" : "}");
        } else if (value instanceof Iterable<?> list) {
            String between = "[";
            for (Object item : list) {
                out.append(between);
                write(out, item);
                between = ",";
            }
            out.append(between.equals("[") ? "[]" : "]");
        } else if (value instanceof String string) {
            quote(out, string);
        } else if (value == null
                || value instanceof Boolean
                || value instanceof Number
                || value instanceof Integer
                || value instanceof Long) {
            out.append(value);
        } else {
            throw new IllegalArgumentException("not a value of JSON: " + value.getClass());
        }
    }

    private static void quote(StringBuilder out, String string) {
        out.append('"');
        for (int i = 0; i < string.length(); i += 1) {
            char character = string.charAt(i);
            if (character == '"' || character == '\\') out.append('\\').append(character);
            else if (character >= ' ' && character < 127) out.append(character);
            else out.append(String.format("\\u%04x", (int) character));
        }
        out.append('"');
    }
}
