// The specification, step by step, is ../../README.md.
import { call, Fixed, Json, Kind, quote } from "cryptlet";
import { IDS, readSource, Reading, URLS } from "./sources";

const MIN_SOURCES = 2;
/** A price may lie one fiftieth of the median away from it. */
const OUTLIER: i64 = 50;

function error(code: string, errorArguments: string): string {
  return '{"error":{"code":' + code + ',"arguments":' + errorArguments + "}}";
}

function refuseTrigger(trigger: Json): string | null {
  const feed = trigger.field("feed")!;
  if (!feed.says("xau-usd"))
    return error('"FEED_NOT_DECLARED"', '{"cryptlet":"gold-median","feed":' + feed.toJson() + "}");
  const parameters = trigger.field("parameters")!;
  if (parameters.kind == Kind.Null) return null;
  if (parameters.kind == Kind.Object && parameters.keys.length == 0) return null;
  return error(
    '"PARAMETERS_INVALID"',
    '{"path":"(whole)","reason":"gold-median takes no parameters"}',
  );
}

function requests(): string {
  const parts: string[] = [];
  for (let at = 0; at < IDS.length; at++)
    parts.push('{"id":"' + IDS[at] + '","method":"GET","url":"' + URLS[at] + '"}');
  return '{"op":"http.all","requests":[' + parts.join(",") + "]}";
}

function tooFew(readings: Reading[], used: i32): string {
  const failures: string[] = [];
  for (let at = 0; at < readings.length; at++) {
    const reading = readings[at];
    if (reading.price === null) failures.push(reading.id + ": " + reading.fault);
    else if (reading.outlier) failures.push(reading.id + ": outlier");
  }
  const counts = '{"used":"' + used.toString() + '","minSources":"' + MIN_SOURCES.toString() + '"';
  return error(
    '"TOO_FEW_SOURCES"',
    counts + ',"failures":' + quote(failures.join(", ")) + "}",
  );
}

function sourceText(reading: Reading): string {
  const reference = reading.answer.field("reference");
  const price = reading.price;
  return (
    '{"id":"' + reading.id +
    '","reference":' + (reference === null ? "null" : reference.toJson()) +
    ',"extracted":' + (price === null ? "null" : '"' + price.toText() + '"') +
    ',"observedAt":null,"outlier":' + reading.outlier.toString() +
    ',"error":' + (price === null ? quote(reading.fault) : "null") + "}"
  );
}

function observation(readings: Reading[], used: Fixed[]): string {
  let observedAt = i64.MAX_VALUE;
  let lowest = i64.MAX_VALUE;
  let highest: i64 = 0;
  const sources: string[] = [];
  for (let at = 0; at < readings.length; at++) {
    const reading = readings[at];
    sources.push(sourceText(reading));
    const price = reading.price;
    if (price === null || reading.outlier) continue;
    observedAt = min(observedAt, reading.answer.field("receivedAt")!.integer());
    lowest = min(lowest, price.units);
    highest = max(highest, price.units);
  }
  return (
    '{"ok":{"observation":{"feed":"xau-usd","value":{"kind":"decimal","text":"' +
    Fixed.median(used).toText() +
    '","decimals":8,"unit":"USD per troy ounce"},"observedAt":' + observedAt.toString() +
    ',"market":{"status":"unknown","session":null,"nextOpen":null},"sources":[' +
    sources.join(",") +
    '],"aggregation":{"method":"median;outlier=2%","minSources":' + MIN_SOURCES.toString() +
    ',"used":' + used.length.toString() +
    ',"spread":"' + new Fixed(highest - lowest).toText() + '"}}}}'
  );
}

function pricesOf(readings: Reading[]): Fixed[] {
  const prices: Fixed[] = [];
  for (let at = 0; at < readings.length; at++) {
    const price = readings[at].price;
    if (price !== null && !readings[at].outlier) prices.push(price);
  }
  return prices;
}

export function run(trigger: Json): string {
  const refusal = refuseTrigger(trigger);
  if (refusal !== null) return refusal;
  const answer = call(requests());
  const refused = answer.field("error");
  if (refused !== null)
    return error(refused.field("code")!.toJson(), refused.field("arguments")!.toJson());
  const answers = answer.field("ok")!;
  const readings: Reading[] = [];
  for (let at = 0; at < IDS.length; at++) readings.push(readSource(at, answers.item(at)!));
  for (let at = 0; at < readings.length; at++)
    if (readings[at].price === null)
      call(
        '{"op":"log","level":"warn","message":' +
          quote(readings[at].id + ": " + readings[at].fault) + "}",
      );
  const middle = Fixed.median(pricesOf(readings)).units;
  for (let at = 0; at < readings.length; at++) {
    const price = readings[at].price;
    if (price === null) continue;
    const distance = price.units < middle ? middle - price.units : price.units - middle;
    readings[at].outlier = distance * OUTLIER > middle;
  }
  const used = pricesOf(readings);
  return used.length < MIN_SOURCES ? tooFew(readings, used.length) : observation(readings, used);
}
