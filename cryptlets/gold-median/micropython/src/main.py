"""Gold in USD per troy ounce. The specification, step by step, is ../../README.md."""

from cryptlet import Refusal, divide_half_even, format_fixed, serve
from sources import SOURCES, read_source

MIN_SOURCES = 2
# A price may lie one fiftieth of the median away from it.
OUTLIER = 50


def median_of(prices):
    """Zero for no prices."""
    ordered = sorted(prices) or [0]
    return divide_half_even(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2], 2)


def describe(id, answer, price, fault, outlier):
    return {
        "id": id,
        "reference": answer["reference"] if answer["ok"] else None,
        "extracted": None if price is None else format_fixed(price),
        "observedAt": None,
        "outlier": outlier,
        "error": fault,
    }


def run(trigger, host):
    if trigger["feed"] != "xau-usd":
        raise Refusal("FEED_NOT_DECLARED", cryptlet="gold-median", feed=trigger["feed"])
    parameters = trigger["parameters"]
    if parameters is not None and parameters != {}:
        raise Refusal("PARAMETERS_INVALID", path="(whole)", reason="gold-median takes no parameters")
    answers = host.http_all([{"id": id, "method": "GET", "url": url} for id, url, _ in SOURCES])
    readings = []
    for (id, _, quote), answer in zip(SOURCES, answers):
        price, fault = read_source(quote, answer)
        readings.append((id, answer, price, fault))
    for id, _, _, fault in readings:
        if fault is not None:
            host.log("warn", id + ": " + fault)
    middle = median_of([price for _, _, price, _ in readings if price is not None])
    sources, failures, prices, times = [], [], [], []
    for id, answer, price, fault in readings:
        outlier = price is not None and abs(price - middle) * OUTLIER > middle
        sources.append(describe(id, answer, price, fault, outlier))
        if fault is not None or outlier:
            failures.append(id + ": " + (fault or "outlier"))
        else:
            prices.append(price)
            times.append(answer["receivedAt"])
    if len(prices) < MIN_SOURCES:
        raise Refusal(
            "TOO_FEW_SOURCES",
            used=len(prices),
            minSources=MIN_SOURCES,
            failures=", ".join(failures),
        )
    return {
        "feed": "xau-usd",
        "value": {
            "kind": "decimal",
            "text": format_fixed(median_of(prices)),
            "decimals": 8,
            "unit": "USD per troy ounce",
        },
        "observedAt": min(times),
        "market": {"status": "unknown", "session": None, "nextOpen": None},
        "sources": sources,
        "aggregation": {
            "method": "median;outlier=2%",
            "minSources": MIN_SOURCES,
            "used": len(prices),
            "spread": format_fixed(max(prices) - min(prices)),
        },
    }


serve(run)
