/// Most containers around a value.
const MAX_DEPTH: usize = 32;

/// JSON (RFC 8259) read strictly: numbers stay text, a key stands once in an object, at most 32 containers around a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    /// After unescaping; UTF-8, with an unpaired surrogate as three bytes.
    Text(Vec<u8>),
    List(Vec<Json>),
    Object(Vec<(Vec<u8>, Json)>),
}

impl Json {
    /// `None` for what is not JSON.
    pub fn parse(text: &[u8]) -> Option<Json> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(0)?;
        reader.blanks();
        if reader.at == text.len() {
            Some(value)
        } else {
            None
        }
    }

    pub fn field(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members
                .iter()
                .find(|(key, _)| key == name.as_bytes())
                .map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn items(&self) -> Option<&[Json]> {
        match self {
            Json::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn item(&self, index: usize) -> Option<&Json> {
        self.items()?.get(index)
    }

    /// Bytes of a text.
    pub fn text(&self) -> Option<&[u8]> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number as it was written.
    pub fn number(&self) -> Option<&[u8]> {
        match self {
            Json::Number(text) => Some(text.as_bytes()),
            _ => None,
        }
    }

    /// A whole number.
    pub fn integer(&self) -> Option<i64> {
        std::str::from_utf8(self.number()?).ok()?.parse().ok()
    }

    pub fn says(&self, words: &str) -> bool {
        self.text() == Some(words.as_bytes())
    }

    /// JSON text. An unpaired surrogate becomes U+FFFD.
    pub fn to_json(&self) -> String {
        match self {
            Json::Null => "null".into(),
            Json::Bool(value) => value.to_string(),
            Json::Number(text) => text.clone(),
            Json::Text(text) => quote(text),
            Json::List(items) => {
                let items: Vec<String> = items.iter().map(Json::to_json).collect();
                format!("[{}]", items.join(","))
            }
            Json::Object(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|(key, value)| format!("{}:{}", quote(key), value.to_json()))
                    .collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }
}

/// A text as JSON, quotes and all.
pub fn quote(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for character in String::from_utf8_lossy(text).chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            low if low < ' ' => out.push_str(&format!("\\u{:04x}", low as u32)),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn skip(&mut self, expected: u8) -> bool {
        self.blanks();
        let found = self.peek() == Some(expected);
        self.at += found as usize;
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.text[self.at..].starts_with(word.as_bytes());
        if found {
            self.at += word.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.blanks();
        match self.peek()? {
            b'"' => {
                self.at += 1;
                Some(Json::Text(self.string()?))
            }
            b'{' => self.object(depth + 1),
            b'[' => self.list(depth + 1),
            b'n' if self.word("null") => Some(Json::Null),
            b't' if self.word("true") => Some(Json::Bool(true)),
            b'f' if self.word("false") => Some(Json::Bool(false)),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        self.at += 1;
        let mut members: Vec<(Vec<u8>, Json)> = Vec::new();
        if self.skip(b'}') {
            return Some(Json::Object(members));
        }
        loop {
            if !self.skip(b'"') {
                return None;
            }
            let key = self.string()?;
            if members.iter().any(|(known, _)| *known == key) || !self.skip(b':') {
                return None;
            }
            members.push((key, self.value(depth)?));
            if !self.skip(b',') {
                break;
            }
        }
        if self.skip(b'}') {
            Some(Json::Object(members))
        } else {
            None
        }
    }

    fn list(&mut self, depth: usize) -> Option<Json> {
        self.at += 1;
        let mut items = Vec::new();
        if self.skip(b']') {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            if !self.skip(b',') {
                break;
            }
        }
        if self.skip(b']') {
            Some(Json::List(items))
        } else {
            None
        }
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.at;
        self.at += (self.peek() == Some(b'-')) as usize;
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if !self.digits() {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.digits() {
                return None;
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += matches!(self.peek(), Some(b'+' | b'-')) as usize;
            if !self.digits() {
                return None;
            }
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).ok()?;
        Some(Json::Number(text.into()))
    }

    /// Behind the opening quote.
    fn string(&mut self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return Some(out),
                b'\\' => {
                    let escape = self.peek()?;
                    self.at += 1;
                    match escape {
                        b'"' | b'\\' | b'/' => out.push(escape),
                        b'b' => out.push(8),
                        b'f' => out.push(12),
                        b'n' => out.push(b'\n'),
                        b'r' => out.push(b'\r'),
                        b't' => out.push(b'\t'),
                        b'u' => {
                            let point = self.unicode()?;
                            push_point(&mut out, point);
                        }
                        _ => return None,
                    }
                }
                0..=0x1f => return None,
                _ => out.push(byte),
            }
        }
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    /// Behind `\u`: one unit, or both halves of a pair.
    fn unicode(&mut self) -> Option<u32> {
        let unit = self.hex()?;
        let behind = self.at;
        if (0xd800..0xdc00).contains(&unit) && self.word("\\u") {
            match self.hex() {
                Some(low) if (0xdc00..0xe000).contains(&low) => {
                    return Some(0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff));
                }
                _ => self.at = behind,
            }
        }
        Some(unit)
    }
}

/// UTF-8 of a code point, also of an unpaired surrogate.
fn push_point(out: &mut Vec<u8>, point: u32) {
    let low = |shift: u32| 0x80 | (point >> shift & 63) as u8;
    match point {
        0..=0x7f => out.push(point as u8),
        0x80..=0x7ff => out.extend([0xc0 | (point >> 6) as u8, low(0)]),
        0x800..=0xffff => out.extend([0xe0 | (point >> 12) as u8, low(6), low(0)]),
        _ => out.extend([0xf0 | (point >> 18) as u8, low(12), low(6), low(0)]),
    }
}
