"""What is asked of each provider, and where its bid and ask stand in the answer."""

from cryptlet import JsonInvalid, Number, Refusal, parse_json
from price import middle_of, parse_price

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
    return value


def text(value):
    need(isinstance(value, str) and not isinstance(value, Number))
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
    need(isinstance(root, list))
    if root and root[0] == "error" and not isinstance(root[0], Number):
        raise Refusal("SOURCE_REPORTED_ERROR")
    item(root, BITFINEX_ITEMS - 1)
    return number(root[0]), number(root[2])


SOURCES = [
    ("gold-api", "https://api.gold-api.com/price/XAU", gold_api),
    ("kraken", "https://api.kraken.com/0/public/Ticker?pair=PAXGUSD", kraken),
    ("bitfinex", "https://api-pub.bitfinex.com/v2/ticker/tXAUT:USD", bitfinex),
]


def read_source(source, answer):
    """Price and None, or None and the code of the first fault."""
    _, _, quote = source
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
        return middle_of(bid, ask), None
    except JsonInvalid:
        return None, "SOURCE_SHAPE"
    except Refusal as refusal:
        return None, refusal.code
