import cryptlet.Json;
import cryptlet.Refusal;
import java.util.List;
import java.util.Map;

/** One provider: what it is asked, and where bid and ask stand in its answer. */
record Source(String id, String url, Quotes quotes) {
    /** Items of a trading pair's ticker. */
    private static final int BITFINEX_ITEMS = 10;

    static final List<Source> ALL =
            List.of(
                    new Source("gold-api", "https://api.gold-api.com/price/XAU", Source::goldApi),
                    new Source(
                            "kraken",
                            "https://api.kraken.com/0/public/Ticker?pair=PAXGUSD",
                            Source::kraken),
                    new Source(
                            "bitfinex",
                            "https://api-pub.bitfinex.com/v2/ticker/tXAUT:USD",
                            Source::bitfinex));

    /** Bid and ask as texts. */
    interface Quotes {
        String[] of(Object root) throws Refusal;
    }

    GoldMedian.Reading read(Map<?, ?> answer) {
        if (!Boolean.TRUE.equals(answer.get("ok")))
            return failed(null, (String) ((Map<?, ?>) answer.get("error")).get("code"));
        Json.Number reference = (Json.Number) answer.get("reference");
        if (!answer.get("status").toString().equals("200")) return failed(reference, "SOURCE_STATUS");
        try {
            String[] texts = quotes.of(Json.parse((String) answer.get("body")));
            long bid = Price.parse(texts[0]);
            long ask = Price.parse(texts[1]);
            if (bid > ask) throw new Refusal("PRICE_CROSSED");
            long receivedAt = Long.parseLong(answer.get("receivedAt").toString());
            return new GoldMedian.Reading(id, reference, receivedAt, Price.middle(bid, ask), null);
        } catch (Json.Invalid invalid) {
            return failed(reference, "SOURCE_SHAPE");
        } catch (Refusal refusal) {
            return failed(reference, refusal.code);
        }
    }

    private GoldMedian.Reading failed(Json.Number reference, String fault) {
        return new GoldMedian.Reading(id, reference, 0, null, fault);
    }

    private static String[] goldApi(Object root) throws Refusal {
        if (!text(field(root, "symbol")).equals("XAU")) throw shape();
        String price = number(field(root, "price"));
        return new String[] {price, price};
    }

    private static String[] kraken(Object root) throws Refusal {
        if (!list(field(root, "error")).isEmpty()) throw new Refusal("SOURCE_REPORTED_ERROR");
        Object ticker = field(field(root, "result"), "PAXGUSD");
        return new String[] {text(item(field(ticker, "b"), 0)), text(item(field(ticker, "a"), 0))};
    }

    private static String[] bitfinex(Object root) throws Refusal {
        if (!list(root).isEmpty() && "error".equals(list(root).get(0)))
            throw new Refusal("SOURCE_REPORTED_ERROR");
        item(root, BITFINEX_ITEMS - 1);
        return new String[] {number(item(root, 0)), number(item(root, 2))};
    }

    private static Refusal shape() {
        return new Refusal("SOURCE_SHAPE");
    }

    private static Object field(Object value, String name) throws Refusal {
        if (value instanceof Map<?, ?> object && object.containsKey(name)) return object.get(name);
        throw shape();
    }

    private static List<?> list(Object value) throws Refusal {
        if (value instanceof List<?> list) return list;
        throw shape();
    }

    private static Object item(Object value, int at) throws Refusal {
        if (list(value).size() > at) return list(value).get(at);
        throw shape();
    }

    private static String number(Object value) throws Refusal {
        if (value instanceof Json.Number number) return number.text();
        throw shape();
    }

    private static String text(Object value) throws Refusal {
        if (value instanceof String text) return text;
        throw shape();
    }
}
