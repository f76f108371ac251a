import cryptlet.Cryptlet;
import cryptlet.Host;
import cryptlet.Json;
import cryptlet.Refusal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Gold in USD per troy ounce. The specification, step by step, is ../../README.md. */
public final class GoldMedian {
    private static final int MIN_SOURCES = 2;
    /** A price may lie one fiftieth of the median away from it. */
    private static final long OUTLIER = 50;

    private GoldMedian() {}

    public static void main(String[] arguments) {
        Cryptlet.serve(GoldMedian::run);
    }

    private static Map<String, Object> run(Map<?, ?> trigger, Host host) throws Refusal {
        String feed = (String) trigger.get("feed");
        if (!feed.equals("xau-usd"))
            throw new Refusal("FEED_NOT_DECLARED").with("cryptlet", "gold-median").with("feed", feed);
        Object parameters = trigger.get("parameters");
        if (parameters != null && !(parameters instanceof Map<?, ?> members && members.isEmpty()))
            throw new Refusal("PARAMETERS_INVALID")
                    .with("path", "(whole)")
                    .with("reason", "gold-median takes no parameters");
        List<Reading> readings = readAll(host);
        for (Reading reading : readings)
            if (reading.fault() != null) host.log("warn", reading.id() + ": " + reading.fault());
        List<Long> prices = new ArrayList<>();
        for (Reading reading : readings) if (reading.price() != null) prices.add(reading.price());
        long middle = Price.median(prices);
        List<Long> used = new ArrayList<>();
        List<String> failures = new ArrayList<>();
        long observedAt = Long.MAX_VALUE;
        for (Reading reading : readings) {
            if (reading.fault() != null) {
                failures.add(reading.id() + ": " + reading.fault());
            } else if (isOutlier(reading, middle)) {
                failures.add(reading.id() + ": outlier");
            } else {
                used.add(reading.price());
                observedAt = Math.min(observedAt, reading.receivedAt());
            }
        }
        if (used.size() < MIN_SOURCES)
            throw new Refusal("TOO_FEW_SOURCES")
                    .with("used", used.size())
                    .with("minSources", MIN_SOURCES)
                    .with("failures", String.join(", ", failures));
        return observation(readings, middle, used, observedAt);
    }

    private static List<Reading> readAll(Host host) throws Refusal {
        List<Map<String, Object>> requests = new ArrayList<>();
        for (Source source : Source.ALL)
            requests.add(Map.of("id", source.id(), "method", "GET", "url", source.url()));
        List<?> answers = host.httpAll(requests);
        List<Reading> readings = new ArrayList<>();
        for (int at = 0; at < Source.ALL.size(); at += 1)
            readings.add(Source.ALL.get(at).read((Map<?, ?>) answers.get(at)));
        return readings;
    }

    private static boolean isOutlier(Reading reading, long middle) {
        return reading.price() != null && Math.abs(reading.price() - middle) * OUTLIER > middle;
    }

    private static Map<String, Object> observation(
            List<Reading> readings, long middle, List<Long> used, long observedAt) {
        List<Object> sources = new ArrayList<>();
        for (Reading reading : readings)
            sources.add(
                    object(
                            "id", reading.id(),
                            "reference", reading.reference(),
                            "extracted", reading.price() == null ? null : Price.text(reading.price()),
                            "observedAt", null,
                            "outlier", isOutlier(reading, middle),
                            "error", reading.fault()));
        return object(
                "feed", "xau-usd",
                "value",
                        object(
                                "kind", "decimal",
                                "text", Price.text(Price.median(used)),
                                "decimals", 8,
                                "unit", "USD per troy ounce"),
                "observedAt", observedAt,
                "market", object("status", "unknown", "session", null, "nextOpen", null),
                "sources", sources,
                "aggregation",
                        object(
                                "method", "median;outlier=2%",
                                "minSources", MIN_SOURCES,
                                "used", used.size(),
                                "spread", Price.text(Collections.max(used) - Collections.min(used))));
    }

    private static Map<String, Object> object(Object... members) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int at = 0; at < members.length; at += 2) object.put((String) members[at], members[at + 1]);
        return object;
    }

    /** What came of one source; either price or fault is null. */
    record Reading(String id, Json.Number reference, long receivedAt, Long price, String fault) {}
}
