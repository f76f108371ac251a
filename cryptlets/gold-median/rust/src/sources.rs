use cryptlet::{Fixed, Json};

/// Name and address of each source.
pub const SOURCES: [(&str, &str); 3] = [
    ("gold-api", "https://api.gold-api.com/price/XAU"),
    ("kraken", "https://api.kraken.com/0/public/Ticker?pair=PAXGUSD"),
    ("bitfinex", "https://api-pub.bitfinex.com/v2/ticker/tXAUT:USD"),
];

const SHAPE: &str = "SOURCE_SHAPE";
const REPORTED: &str = "SOURCE_REPORTED_ERROR";

/// Texts of bid and ask.
type Quote<'a> = (&'a [u8], &'a [u8]);

fn gold_api(root: &Json) -> Option<Quote> {
    if !root.field("symbol")?.says("XAU") {
        return None;
    }
    let price = root.field("price")?.number()?;
    Some((price, price))
}

fn kraken(root: &Json) -> Option<Quote> {
    let ticker = root.field("result")?.field("PAXGUSD")?;
    Some((
        ticker.field("b")?.item(0)?.text()?,
        ticker.field("a")?.item(0)?.text()?,
    ))
}

fn bitfinex(root: &Json) -> Option<Quote> {
    root.item(9)?;
    Some((root.item(0)?.number()?, root.item(2)?.number()?))
}

fn quote<'a>(id: &str, root: &'a Json) -> Result<Quote<'a>, &'static str> {
    match id {
        "gold-api" => gold_api(root),
        "kraken" => match root.field("error").and_then(Json::items) {
            Some([]) => kraken(root),
            Some(_) => return Err(REPORTED),
            None => None,
        },
        _ if root.item(0).map_or(false, |first| first.says("error")) => return Err(REPORTED),
        _ => bitfinex(root),
    }
    .ok_or(SHAPE)
}

fn price(text: &[u8]) -> Result<Fixed, &'static str> {
    match Fixed::parse(text) {
        None => Err("PRICE_NOT_A_NUMBER"),
        Some(price) if price.units <= 0 => Err("PRICE_NOT_POSITIVE"),
        Some(price) => Ok(price),
    }
}

fn read_answer(id: &str, answer: &Json) -> Result<Fixed, &'static str> {
    if answer.field("status").and_then(Json::integer) != Some(200) {
        return Err("SOURCE_STATUS");
    }
    let body = answer.field("body").and_then(Json::text).unwrap_or(b"");
    let root = Json::parse(body).ok_or(SHAPE)?;
    let (bid_text, ask_text) = quote(id, &root)?;
    let bid = price(bid_text)?;
    let ask = price(ask_text)?;
    if bid > ask {
        return Err("PRICE_CROSSED");
    }
    Ok(Fixed::middle(bid, ask))
}

/// The price of one answer, or the code of the first fault in it.
pub fn read_source(id: &str, answer: &Json) -> Result<Fixed, String> {
    if answer.field("ok") == Some(&Json::Bool(true)) {
        return read_answer(id, answer).map_err(String::from);
    }
    let code = answer.field("error").and_then(|error| error.field("code")?.text());
    Err(String::from_utf8_lossy(code.unwrap_or(b"HOST_CALL_REFUSED")).into_owned())
}
