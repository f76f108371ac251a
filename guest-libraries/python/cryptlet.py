"""What a Cryptlet in Python imports: the line protocol of lane `process`, strict JSON, and its errors.

    from cryptlet import Refusal, serve

    def run(trigger, host):
        answers = host.http_all([{"id": "a", "method": "GET", "url": "https://a.example/"}])
        return {"feed": trigger["feed"], ...}

    serve(run)

One line goes in (`{"trigger": ...}`), calls and answers alternate (`{"call": ...}`, `{"answer": ...}`), one line ends
the run (`{"outcome": ...}`). Standard output belongs to the protocol: print to standard error.
"""

import json
import sys

MAX_DEPTH = 32


class Refusal(Exception):
    """Ends a run with a code of the fabric's catalogue and its arguments, which are texts."""

    def __init__(self, code, **arguments):
        super().__init__(code)
        self.code = code
        self.arguments = {name: str(value) for name, value in arguments.items()}


class Number(str):
    """A JSON number as it was written: prices are no floats."""


class JsonInvalid(ValueError):
    """Text that is not JSON in the sense of RFC 8259, or holds a key twice, or is nested too deeply."""


def parse_json(text):
    """Strictly: objects become dicts, lists lists, numbers `Number`; nothing stands twice and nothing is guessed."""
    try:
        value = _decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise JsonInvalid(str(error)) from None
    _refuse_depth(value, 0)
    return value


def write_json(value):
    """One line of ASCII."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonInvalid("a key stands twice")
    return members


def _refuse_constant(name):
    raise JsonInvalid(name + " is no number of JSON")


_decoder = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=Number,
    parse_float=Number,
    parse_constant=_refuse_constant,
    strict=True,
)


def _refuse_depth(value, depth):
    if depth > MAX_DEPTH:
        raise JsonInvalid("the nesting is too deep")
    if isinstance(value, dict):
        for item in value.values():
            _refuse_depth(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _refuse_depth(item, depth + 1)


class Host:
    """What the enclave does for a run."""

    def __init__(self, lines, output):
        self._lines = lines
        self._output = output

    def call(self, request):
        """Any host call; gives what the enclave answered, and raises the `Refusal` that it answered with."""
        self._write({"call": request})
        answer = self._read("answer")
        if "error" in answer:
            error = answer["error"]
            raise Refusal(error["code"], **error["arguments"])
        return answer["ok"]

    def http_all(self, requests):
        """Answers in the order of the requests; each has `ok`."""
        return self.call({"op": "http.all", "requests": requests})

    def log(self, level, message):
        self.call({"op": "log", "level": level, "message": message})

    def now(self):
        """ms since epoch."""
        return self.call({"op": "time.now"})

    def random(self, length):
        return bytes.fromhex(self.call({"op": "random.bytes", "length": length}))

    def _read(self, name):
        line = self._lines.readline()
        if not line:
            raise SystemExit(1)
        return json.loads(line)[name]

    def _write(self, frame):
        self._output.write(write_json(frame).encode("ascii") + b"\n")
        self._output.flush()


def serve(run):
    """Serves the one run of this program: `run(trigger, host)` gives the observation or raises a `Refusal`."""
    lines, output = sys.stdin.buffer, sys.stdout.buffer
    # A stray print would break the protocol.
    sys.stdout = sys.stderr
    host = Host(lines, output)
    trigger = host._read("trigger")
    try:
        outcome = {"ok": {"observation": run(trigger, host)}}
    except Refusal as refusal:
        outcome = {"error": {"code": refusal.code, "arguments": refusal.arguments}}
    except Exception as error:
        reason = (type(error).__name__ + ": " + str(error))[:2000]
        outcome = {"error": {"code": "CRYPTLET_FAILED", "arguments": {"reason": reason}}}
    host._write({"outcome": outcome})
