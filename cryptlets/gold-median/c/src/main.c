/* The specification, step by step, is ../../README.md. */
#include "cryptlet.h"

#define SOURCES 3
#define MIN_SOURCES 2
/* A price may lie one fiftieth of the median away from it. */
#define OUTLIER 50

static const char *const IDS[SOURCES] = {"gold-api", "kraken", "bitfinex"};
static const char REQUEST[] =
    "{\"op\":\"http.all\",\"requests\":["
    "{\"id\":\"gold-api\",\"method\":\"GET\",\"url\":\"https://api.gold-api.com/price/XAU\"},"
    "{\"id\":\"kraken\",\"method\":\"GET\",\"url\":\"https://api.kraken.com/0/public/Ticker?pair=PAXGUSD\"},"
    "{\"id\":\"bitfinex\",\"method\":\"GET\",\"url\":\"https://api-pub.bitfinex.com/v2/ticker/tXAUT:USD\"}]}";

typedef struct {
    const cryptlet_json *answer;
    bool answered, outlier;
    /* Code; nothing when there is a price. */
    cryptlet_text fault;
    cryptlet_fixed price;
} reading;

/* Texts of bid and ask; gives the code of a fault, or NULL. */
static const char *quote(int source, const cryptlet_json *root, cryptlet_text *bid, cryptlet_text *ask) {
    const cryptlet_json *low = NULL, *high = NULL;
    cryptlet_kind kind = CRYPTLET_NUMBER;
    if (source == 0) {
        if (!cryptlet_says(cryptlet_field(root, "symbol"), "XAU")) return "SOURCE_SHAPE";
        low = high = cryptlet_field(root, "price");
    } else if (source == 1) {
        const cryptlet_json *errors = cryptlet_field(root, "error");
        if (!cryptlet_is(errors, CRYPTLET_LIST)) return "SOURCE_SHAPE";
        if (errors->count > 0) return "SOURCE_REPORTED_ERROR";
        const cryptlet_json *ticker = cryptlet_field(cryptlet_field(root, "result"), "PAXGUSD");
        low = cryptlet_item(cryptlet_field(ticker, "b"), 0);
        high = cryptlet_item(cryptlet_field(ticker, "a"), 0);
        kind = CRYPTLET_TEXT;
    } else {
        if (cryptlet_says(cryptlet_item(root, 0), "error")) return "SOURCE_REPORTED_ERROR";
        if (!cryptlet_item(root, 9)) return "SOURCE_SHAPE";
        low = cryptlet_item(root, 0);
        high = cryptlet_item(root, 2);
    }
    if (!cryptlet_is(low, kind) || !cryptlet_is(high, kind)) return "SOURCE_SHAPE";
    *bid = low->text;
    *ask = high->text;
    return NULL;
}

static const char *price_of(cryptlet_text text, cryptlet_fixed *price) {
    if (!cryptlet_parse_fixed(text, price)) return "PRICE_NOT_A_NUMBER";
    return *price > 0 ? NULL : "PRICE_NOT_POSITIVE";
}

/* The code of the first fault, or NULL. */
static const char *read_body(int source, const reading *from, cryptlet_fixed *price) {
    cryptlet_text bid_text, ask_text;
    cryptlet_fixed bid = 0, ask = 0;
    if (cryptlet_integer(cryptlet_field(from->answer, "status")) != 200) return "SOURCE_STATUS";
    const cryptlet_json *root = cryptlet_parse(cryptlet_field(from->answer, "body")->text);
    if (!root) return "SOURCE_SHAPE";
    const char *fault = quote(source, root, &bid_text, &ask_text);
    if (!fault) fault = price_of(bid_text, &bid);
    if (!fault) fault = price_of(ask_text, &ask);
    if (!fault && bid > ask) fault = "PRICE_CROSSED";
    *price = cryptlet_middle(bid, ask);
    return fault;
}

static reading read_source(int source, const cryptlet_json *answer) {
    reading result = {.answer = answer, .answered = cryptlet_is(cryptlet_field(answer, "ok"), CRYPTLET_TRUE)};
    if (!result.answered) {
        result.fault = cryptlet_field(cryptlet_field(answer, "error"), "code")->text;
        return result;
    }
    const char *fault = read_body(source, &result, &result.price);
    if (fault) result.fault = cryptlet_words(fault);
    return result;
}

/* Sorts in place. */
static cryptlet_fixed median(cryptlet_fixed *prices, int count) {
    for (int i = 1; i < count; i++)
        for (int j = i; j > 0 && prices[j - 1] > prices[j]; j--) {
            cryptlet_fixed higher = prices[j - 1];
            prices[j - 1] = prices[j];
            prices[j] = higher;
        }
    return count == 0 ? 0 : cryptlet_middle(prices[(count - 1) / 2], prices[count / 2]);
}

static void put_error(cryptlet_writer *out, const char *code) {
    cryptlet_put(out, "{\"error\":{\"code\":\"");
    cryptlet_put(out, code);
    cryptlet_put(out, "\",\"arguments\":{");
}

static void put_too_few(cryptlet_writer *out, const reading *readings, int used) {
    cryptlet_writer failures = {0};
    for (int at = 0; at < SOURCES; at++) {
        if (!readings[at].fault.length && !readings[at].outlier) continue;
        cryptlet_put(&failures, failures.length ? ", " : "");
        cryptlet_put(&failures, IDS[at]);
        cryptlet_put(&failures, ": ");
        if (readings[at].outlier) cryptlet_put(&failures, "outlier");
        else cryptlet_put_bytes(&failures, readings[at].fault.at, readings[at].fault.length);
    }
    put_error(out, "TOO_FEW_SOURCES");
    cryptlet_put(out, "\"used\":\"");
    cryptlet_put_integer(out, used);
    cryptlet_put(out, "\",\"minSources\":\"2\",\"failures\":");
    cryptlet_put_text(out, (cryptlet_text){failures.at, failures.length});
    cryptlet_put(out, "}}}");
}

static void put_source(cryptlet_writer *out, int source, const reading *from) {
    cryptlet_put(out, source ? ",{\"id\":\"" : "{\"id\":\"");
    cryptlet_put(out, IDS[source]);
    cryptlet_put(out, "\",\"reference\":");
    if (from->answered) cryptlet_put_json(out, cryptlet_field(from->answer, "reference"));
    else cryptlet_put(out, "null");
    cryptlet_put(out, ",\"extracted\":");
    if (from->fault.length) cryptlet_put(out, "null");
    else cryptlet_put_fixed(out, from->price);
    cryptlet_put(out, ",\"observedAt\":null,\"outlier\":");
    cryptlet_put(out, from->outlier ? "true" : "false");
    cryptlet_put(out, ",\"error\":");
    if (from->fault.length) cryptlet_put_text(out, from->fault);
    else cryptlet_put(out, "null");
    cryptlet_put(out, "}");
}

static bool refuse_trigger(const cryptlet_json *trigger, cryptlet_writer *out) {
    if (!cryptlet_says(cryptlet_field(trigger, "feed"), "xau-usd")) {
        put_error(out, "FEED_NOT_DECLARED");
        cryptlet_put(out, "\"cryptlet\":\"gold-median\",\"feed\":");
        cryptlet_put_json(out, cryptlet_field(trigger, "feed"));
        cryptlet_put(out, "}}}");
        return true;
    }
    const cryptlet_json *parameters = cryptlet_field(trigger, "parameters");
    if (cryptlet_is(parameters, CRYPTLET_NULL)) return false;
    if (cryptlet_is(parameters, CRYPTLET_OBJECT) && parameters->count == 0) return false;
    put_error(out, "PARAMETERS_INVALID");
    cryptlet_put(out, "\"path\":\"(whole)\",\"reason\":\"gold-median takes no parameters\"}}}");
    return true;
}

static void log_fault(int source, cryptlet_text fault) {
    cryptlet_writer line = {0};
    cryptlet_put(&line, "{\"op\":\"log\",\"level\":\"warn\",\"message\":\"");
    cryptlet_put(&line, IDS[source]);
    cryptlet_put(&line, ": ");
    cryptlet_put_bytes(&line, fault.at, fault.length);
    cryptlet_put(&line, "\"}");
    cryptlet_call_text((cryptlet_text){line.at, line.length});
}

void cryptlet_run(const cryptlet_json *trigger, cryptlet_writer *out) {
    if (refuse_trigger(trigger, out)) return;
    const cryptlet_json *answer = cryptlet_call(REQUEST);
    const cryptlet_json *refusal = cryptlet_field(answer, "error");
    if (refusal) {
        cryptlet_put(out, "{\"error\":{\"code\":");
        cryptlet_put_json(out, cryptlet_field(refusal, "code"));
        cryptlet_put(out, ",\"arguments\":");
        cryptlet_put_json(out, cryptlet_field(refusal, "arguments"));
        cryptlet_put(out, "}}");
        return;
    }
    reading readings[SOURCES];
    cryptlet_fixed prices[SOURCES];
    int count = 0;
    for (int at = 0; at < SOURCES; at++) {
        readings[at] = read_source(at, cryptlet_item(cryptlet_field(answer, "ok"), (size_t)at));
        if (!readings[at].fault.length) prices[count++] = readings[at].price;
    }
    for (int at = 0; at < SOURCES; at++)
        if (readings[at].fault.length) log_fault(at, readings[at].fault);
    cryptlet_fixed middle = median(prices, count);
    int used = 0;
    int64_t observed_at = INT64_MAX;
    for (int at = 0; at < SOURCES; at++) {
        if (readings[at].fault.length) continue;
        cryptlet_fixed distance = readings[at].price - middle;
        readings[at].outlier = (distance < 0 ? -distance : distance) * OUTLIER > middle;
        if (readings[at].outlier) continue;
        prices[used++] = readings[at].price;
        int64_t received_at = cryptlet_integer(cryptlet_field(readings[at].answer, "receivedAt"));
        if (received_at < observed_at) observed_at = received_at;
    }
    if (used < MIN_SOURCES) {
        put_too_few(out, readings, used);
        return;
    }
    cryptlet_fixed value = median(prices, used);
    cryptlet_put(out, "{\"ok\":{\"observation\":{\"feed\":\"xau-usd\",\"value\":{\"kind\":\"decimal\",\"text\":");
    cryptlet_put_fixed(out, value);
    cryptlet_put(out, ",\"decimals\":8,\"unit\":\"USD per troy ounce\"},\"observedAt\":");
    cryptlet_put_integer(out, observed_at);
    cryptlet_put(out, ",\"market\":{\"status\":\"unknown\",\"session\":null,\"nextOpen\":null},\"sources\":[");
    for (int at = 0; at < SOURCES; at++) put_source(out, at, &readings[at]);
    cryptlet_put(out, "],\"aggregation\":{\"method\":\"median;outlier=2%\",\"minSources\":2,\"used\":");
    cryptlet_put_integer(out, used);
    cryptlet_put(out, ",\"spread\":");
    cryptlet_put_fixed(out, prices[used - 1] - prices[0]);
    cryptlet_put(out, "}}}}");
}
