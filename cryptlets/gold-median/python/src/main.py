"""Gold in USD per troy ounce. The specification, step by step, is ../../README.md."""

from cryptlet import Refusal, serve
from price import median_of, to_text
from sources import SOURCES, read_source

MIN_SOURCES = 2
# A price may lie one fiftieth of the median away from it.
OUTLIER = 50


def run(trigger, host):
    if trigger["feed"] != "xau-usd":
        raise Refusal("FEED_NOT_DECLARED", cryptlet="gold-median", feed=trigger["feed"])
    parameters = trigger["parameters"]
    if parameters is not None and parameters != {}:
        raise Refusal("PARAMETERS_INVALID", path="(whole)", reason="gold-median takes no parameters")
    answers = host.http_all([{"id": id, "method": "GET", "url": url} for id, url, _ in SOURCES])
    readings = [
        (source[0], answer, *read_source(source, answer)) for source, answer in zip(SOURCES, answers)
    ]
    for id, _, _, fault in readings:
        if fault is not None:
            host.log("warn", f"{id}: {fault}")
    middle = median_of([price for _, _, price, _ in readings if price is not None])

    def is_outlier(price):
        return price is not None and abs(price - middle) * OUTLIER > middle

    used = [
        (price, answer["receivedAt"])
        for _, answer, price, _ in readings
        if price is not None and not is_outlier(price)
    ]
    if len(used) < MIN_SOURCES:
        failures = [
            f"{id}: {fault or 'outlier'}"
            for id, _, price, fault in readings
            if fault is not None or is_outlier(price)
        ]
        raise Refusal(
            "TOO_FEW_SOURCES",
            used=len(used),
            minSources=MIN_SOURCES,
            failures=", ".join(failures),
        )
    prices = [price for price, _ in used]
    return {
        "feed": "xau-usd",
        "value": {
            "kind": "decimal",
            "text": to_text(median_of(prices)),
            "decimals": 8,
            "unit": "USD per troy ounce",
        },
        "observedAt": min(received for _, received in used),
        "market": {"status": "unknown", "session": None, "nextOpen": None},
        "sources": [
            {
                "id": id,
                "reference": answer["reference"] if answer["ok"] else None,
                "extracted": None if price is None else to_text(price),
                "observedAt": None,
                "outlier": is_outlier(price),
                "error": fault,
            }
            for id, answer, price, fault in readings
        ],
        "aggregation": {
            "method": "median;outlier=2%",
            "minSources": MIN_SOURCES,
            "used": len(used),
            "spread": to_text(max(prices) - min(prices)),
        },
    }


serve(run)
