"""What is asked of each provider, and where its bid and ask stand in the answer."""

from cryptlet import JsonInvalid, Number, Refusal, divide_half_even, parse_fixed, parse_json

# Items of a trading pair's ticker.
BITFINEX_ITEMS = 10


def need(fits):
    if not fits:
        raise Refusal("SOURCE_SHAPE")


def field(value, name):
    need(isinstance(value, dict) and name in value)
    return value[name]


def item(value, at):
    need(isinstance(value, list) and at < len(value))
    return value[at]


def number(value):
    need(isinstance(value, Number))
    return value.text


def text(value):
    need(isinstance(value, str))
    return value


def gold_api(root):
    need(text(field(root, "symbol")) == "XAU")
    price = number(field(root, "price"))
    return price, price


def kraken(root):
    errors = field(root, "error")
    need(isinstance(errors, list))
    if errors:
        raise Refusal("SOURCE_REPORTED_ERROR")
    ticker = field(field(root, "result"), "PAXGUSD")
    return text(item(field(ticker, "b"), 0)), text(item(field(ticker, "a"), 0))


def bitfinex(root):
    if isinstance(root, list) and root and root[0] == "error":
        raise Refusal("SOURCE_REPORTED_ERROR")
    item(root, BITFINEX_ITEMS - 1)
    return number(root[0]), number(root[2])


SOURCES = (
    ("gold-api", "https://api.gold-api.com/price/XAU", gold_api),
    ("kraken", "https://api.kraken.com/0/public/Ticker?pair=PAXGUSD", kraken),
    ("bitfinex", "https://api-pub.bitfinex.com/v2/ticker/tXAUT:USD", bitfinex),
)


def parse_price(text):
    price = parse_fixed(text)
    if price is None:
        raise Refusal("PRICE_NOT_A_NUMBER")
    if price <= 0:
        raise Refusal("PRICE_NOT_POSITIVE")
    return price


def read_source(quote, answer):
    """Price and None, or None and the code of the first fault."""
    if not answer["ok"]:
        return None, answer["error"]["code"]
    if answer["status"] != 200:
        return None, "SOURCE_STATUS"
    try:
        bid_text, ask_text = quote(parse_json(answer["body"]))
        bid = parse_price(bid_text)
        ask = parse_price(ask_text)
        if bid > ask:
            raise Refusal("PRICE_CROSSED")
        return divide_half_even(bid + ask, 2), None
    except JsonInvalid:
        return None, "SOURCE_SHAPE"
    except Refusal as refusal:
        return None, refusal.code
