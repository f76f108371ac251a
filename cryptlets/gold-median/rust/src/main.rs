//! The specification, step by step, is ../../README.md.

mod sources;

use cryptlet::{quote, Fixed, Json};
use sources::{read_source, SOURCES};

const MIN_SOURCES: usize = 2;
/// A price may lie one fiftieth of the median away from it.
const OUTLIER: i64 = 50;

struct Reading<'a> {
    id: &'static str,
    answer: &'a Json,
    /// The price, or the code of a fault.
    price: Result<Fixed, String>,
    outlier: bool,
}

impl Reading<'_> {
    fn failure(&self) -> Option<String> {
        match &self.price {
            Err(code) => Some(format!("{}: {}", self.id, code)),
            Ok(_) if self.outlier => Some(format!("{}: outlier", self.id)),
            Ok(_) => None,
        }
    }

    fn used(&self) -> Option<Fixed> {
        self.price.as_ref().ok().copied().filter(|_| !self.outlier)
    }

    fn to_json(&self) -> String {
        let reference = self.answer.field("reference").map_or("null".into(), Json::to_json);
        let extracted = self.price.as_ref().map_or("null".into(), |price| format!("\"{}\"", price));
        let error = self.price.as_ref().err().map_or("null".into(), |code| quote(code.as_bytes()));
        format!(
            r#"{{"id":"{}","reference":{},"extracted":{},"observedAt":null,"outlier":{},"error":{}}}"#,
            self.id, reference, extracted, self.outlier, error
        )
    }
}

fn error(code: &str, arguments: &str) -> String {
    format!(r#"{{"error":{{"code":"{}","arguments":{}}}}}"#, code, arguments)
}

fn refuse_trigger(trigger: &Json) -> Option<String> {
    let feed = trigger.field("feed")?;
    if !feed.says("xau-usd") {
        let arguments = format!(r#"{{"cryptlet":"gold-median","feed":{}}}"#, feed.to_json());
        return Some(error("FEED_NOT_DECLARED", &arguments));
    }
    match trigger.field("parameters") {
        Some(Json::Null) => None,
        Some(Json::Object(members)) if members.is_empty() => None,
        _ => Some(error(
            "PARAMETERS_INVALID",
            r#"{"path":"(whole)","reason":"gold-median takes no parameters"}"#,
        )),
    }
}

fn requests() -> String {
    let requests: Vec<String> = SOURCES
        .iter()
        .map(|(id, url)| format!(r#"{{"id":"{}","method":"GET","url":"{}"}}"#, id, url))
        .collect();
    format!(r#"{{"op":"http.all","requests":[{}]}}"#, requests.join(","))
}

fn observation(readings: &[Reading], used: &[Fixed]) -> String {
    let observed_at = readings
        .iter()
        .filter(|reading| reading.used().is_some())
        .filter_map(|reading| reading.answer.field("receivedAt")?.integer())
        .min()
        .unwrap_or(0);
    let lowest = used.iter().min().map_or(0, |price| price.units);
    let highest = used.iter().max().map_or(0, |price| price.units);
    let sources: Vec<String> = readings.iter().map(Reading::to_json).collect();
    let value = format!(
        r#"{{"kind":"decimal","text":"{}","decimals":8,"unit":"USD per troy ounce"}}"#,
        Fixed::median(used)
    );
    let aggregation = format!(
        r#"{{"method":"median;outlier=2%","minSources":{},"used":{},"spread":"{}"}}"#,
        MIN_SOURCES,
        used.len(),
        Fixed { units: highest - lowest }
    );
    format!(
        r#"{{"ok":{{"observation":{{"feed":"xau-usd","value":{},"observedAt":{},"market":{{"status":"unknown","session":null,"nextOpen":null}},"sources":[{}],"aggregation":{}}}}}}}"#,
        value,
        observed_at,
        sources.join(","),
        aggregation
    )
}

fn run(trigger: &Json) -> String {
    if let Some(refusal) = refuse_trigger(trigger) {
        return refusal;
    }
    let answer = cryptlet::call(&requests());
    if let Some(refusal) = answer.field("error") {
        let part = |name| refusal.field(name).map_or("null".into(), Json::to_json);
        return format!(r#"{{"error":{{"code":{},"arguments":{}}}}}"#, part("code"), part("arguments"));
    }
    let answers = answer.field("ok").and_then(Json::items).unwrap_or(&[]);
    let mut readings: Vec<Reading> = SOURCES
        .iter()
        .zip(answers)
        .map(|((id, _), answer)| Reading { id, answer, price: read_source(id, answer), outlier: false })
        .collect();
    for reading in &readings {
        if let Err(code) = &reading.price {
            let message = quote(format!("{}: {}", reading.id, code).as_bytes());
            cryptlet::call(&format!(r#"{{"op":"log","level":"warn","message":{}}}"#, message));
        }
    }
    let prices: Vec<Fixed> = readings.iter().filter_map(Reading::used).collect();
    let middle = Fixed::median(&prices).units;
    for reading in &mut readings {
        if let Ok(price) = reading.price {
            reading.outlier = (price.units - middle).abs() * OUTLIER > middle;
        }
    }
    let used: Vec<Fixed> = readings.iter().filter_map(Reading::used).collect();
    if used.len() >= MIN_SOURCES {
        return observation(&readings, &used);
    }
    let failures: Vec<String> = readings.iter().filter_map(Reading::failure).collect();
    let arguments = format!(
        r#"{{"used":"{}","minSources":"{}","failures":{}}}"#,
        used.len(),
        MIN_SOURCES,
        quote(failures.join(", ").as_bytes())
    );
    error("TOO_FEW_SOURCES", &arguments)
}

cryptlet::serve!(run);
