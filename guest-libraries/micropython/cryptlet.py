"""What a Cryptlet in Python imports in lane `wasm`, where MicroPython runs it: host calls, strict JSON, decimals, errors.

    from cryptlet import Refusal, serve

    def run(trigger, host):
        answers = host.http_all([{"id": "a", "method": "GET", "url": "https://a.example/"}])
        return {"feed": trigger["feed"], ...}

    serve(run)

What the modules do before `serve` is done once, when the Cryptlet is loaded; every run begins from that state.
"""

import json

import js as _js

# Most containers around a value.
MAX_DEPTH = 32

# Taken once: the functions themselves are part of what a run begins from.
_begin = _js.begin
_call = _js.call
_answer = _js.answer
_served = []


class Refusal(Exception):
    """Ends a run with a code of the fabric's catalogue and its arguments, which are texts."""

    def __init__(self, code, **arguments):
        super().__init__(code)
        self.code = code
        self.arguments = {name: str(value) for name, value in arguments.items()}


class Number:
    """A JSON number as it was written: prices are no floats."""

    def __init__(self, text):
        self.text = text


class JsonInvalid(ValueError):
    """Text that is not JSON in the sense of RFC 8259, or holds a key twice, or is nested too deeply."""


class Host:
    """What the enclave does for a run."""

    def call(self, request):
        """Any host call; gives what the enclave answered, and raises the `Refusal` that it answered with."""
        answer = json.loads(_call(json.dumps(request)))
        if "error" in answer:
            refusal = Refusal(answer["error"]["code"])
            refusal.arguments = answer["error"]["arguments"]
            raise refusal
        return answer["ok"]

    def http_all(self, requests):
        """Answers in the order of the requests; each has `ok`."""
        return self.call({"op": "http.all", "requests": requests})

    def log(self, level, message):
        self.call({"op": "log", "level": level, "message": message})

    def now(self):
        """ms since epoch."""
        return self.call({"op": "time.now"})


def serve(run):
    """`run(trigger, host)` gives the observation or raises a `Refusal`; it is called for each trigger."""
    _served.append(run)


def _serve():
    try:
        outcome = {"ok": {"observation": _served[0](json.loads(_begin()), Host())}}
    except Refusal as refusal:
        outcome = {"error": {"code": refusal.code, "arguments": refusal.arguments}}
    _answer(json.dumps(outcome))


# ---- JSON ----

_BLANKS = b" \t\n\r"
_DIGITS = b"0123456789"
_ESCAPES = {34: b'"', 92: b"\\", 47: b"/", 98: b"\b", 102: b"\f", 110: b"\n", 114: b"\r", 116: b"\t"}
_WORDS = ((b"null", None), (b"true", True), (b"false", False))


def parse_json(text):
    """Strictly: objects become dicts, lists lists, numbers `Number`; nothing stands twice and nothing is guessed."""
    # Bytes, because a place in text that is not ASCII is looked for from its beginning.
    data = text.encode()
    value, at = _value(data, 0, 0)
    if _skip(data, at) != len(data):
        raise JsonInvalid("something stands behind the value")
    return value


def _skip(data, at):
    while at < len(data) and data[at] in _BLANKS:
        at += 1
    return at


def _byte(data, at):
    return data[at] if at < len(data) else -1


def _value(data, at, depth):
    if depth > MAX_DEPTH:
        raise JsonInvalid("the nesting is too deep")
    at = _skip(data, at)
    first = _byte(data, at)
    if first == 34:
        return _string(data, at + 1)
    if first == 123:
        return _members(data, at + 1, depth + 1)
    if first == 91:
        return _items(data, at + 1, depth + 1)
    for word, value in _WORDS:
        if data[at : at + len(word)] == word:
            return value, at + len(word)
    return _number(data, at)


def _members(data, at, depth):
    members = {}
    at = _skip(data, at)
    if _byte(data, at) == 125:
        return members, at + 1
    while True:
        at = _skip(data, at)
        if _byte(data, at) != 34:
            raise JsonInvalid("a quoted key should stand here")
        key, at = _string(data, at + 1)
        at = _skip(data, at)
        if key in members or _byte(data, at) != 58:
            raise JsonInvalid("a key stands twice, or its colon is missing")
        members[key], at = _value(data, at + 1, depth)
        at = _skip(data, at)
        if _byte(data, at) != 44:
            break
        at += 1
    if _byte(data, at) != 125:
        raise JsonInvalid("a comma or } should stand here")
    return members, at + 1


def _items(data, at, depth):
    items = []
    at = _skip(data, at)
    if _byte(data, at) == 93:
        return items, at + 1
    while True:
        item, at = _value(data, at, depth)
        items.append(item)
        at = _skip(data, at)
        if _byte(data, at) != 44:
            break
        at += 1
    if _byte(data, at) != 93:
        raise JsonInvalid("a comma or ] should stand here")
    return items, at + 1


def _digits(data, at):
    start = at
    while at < len(data) and data[at] in _DIGITS:
        at += 1
    if at == start:
        raise JsonInvalid("a digit should stand here")
    return at


def _number(data, at):
    start = at
    if _byte(data, at) == 45:
        at += 1
    at = at + 1 if _byte(data, at) == 48 else _digits(data, at)
    if _byte(data, at) == 46:
        at = _digits(data, at + 1)
    if _byte(data, at) in (69, 101):
        at += 1
        if _byte(data, at) in (43, 45):
            at += 1
        at = _digits(data, at)
    return Number(data[start:at].decode()), at


def _string(data, at):
    """Behind the opening quote."""
    parts = []
    while True:
        end = data.find(b'"', at)
        if end < 0:
            raise JsonInvalid("a text breaks off")
        escape = data.find(b"\\", at, end)
        plain = data[at : end if escape < 0 else escape]
        if plain and min(plain) < 32:
            raise JsonInvalid("a text holds a control character")
        parts.append(plain)
        if escape < 0:
            return b"".join(parts).decode(), end + 1
        code = _byte(data, escape + 1)
        if code == 117:
            part, at = _unicode(data, escape + 2)
        elif code in _ESCAPES:
            part, at = _ESCAPES[code], escape + 2
        else:
            raise JsonInvalid("an escape is not known")
        parts.append(part)


def _unit(data, at):
    value = 0
    for place in range(at, at + 4):
        digit = b"0123456789abcdef".find(data[place : place + 1].lower())
        if digit < 0 or place >= len(data):
            raise JsonInvalid("an escape is not known")
        value = value * 16 + digit
    return value


def _unicode(data, at):
    """Behind `\\u`: one unit, or both halves of a pair."""
    unit = _unit(data, at)
    at += 4
    if 0xD800 <= unit < 0xDC00 and data[at : at + 2] == b"\\u":
        low = _unit(data, at + 2)
        if 0xDC00 <= low < 0xE000:
            return chr(0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF)).encode(), at + 6
    return chr(unit).encode(), at


# ---- decimals ----

_DECIMALS = 8


def _are_digits(text, most):
    return 0 < len(text) <= most and all(character in "0123456789" for character in text)


def divide_half_even(dividend, divisor):
    """Both are not negative."""
    quotient, rest = divmod(dividend, divisor)
    twice = rest * 2
    return quotient + 1 if twice > divisor or (twice == divisor and quotient % 2 == 1) else quotient


def parse_fixed(text):
    """A count of 10^-8 from `-?[0-9]{1,9}(\\.[0-9]{1,18})?`, rounded half to even; None for anything else."""
    digits = text[1:] if text.startswith("-") else text
    whole, point, fraction = digits.partition(".")
    if not _are_digits(whole, 9) or (point and not _are_digits(fraction, 18)):
        return None
    units = divide_half_even(int(whole + fraction + "0" * (18 - len(fraction))), 10**10)
    return -units if text.startswith("-") else units


def format_fixed(units):
    """Exactly 8 decimals."""
    sign = "-" if units < 0 else ""
    digits = str(abs(units))
    digits = "0" * (_DECIMALS + 1 - len(digits)) + digits
    return sign + digits[:-_DECIMALS] + "." + digits[-_DECIMALS:]
