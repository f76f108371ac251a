use std::fmt;

/// Digits before the point that are read, and behind it.
const MAX_WHOLE: usize = 9;
const MAX_FRACTION: usize = 18;
const DECIMALS: usize = 8;
const ONE: i64 = 100_000_000;

/// A number of 8 decimals, at most 10^9 in size when it was read, so that sums and multiples by 50 fit into 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixed {
    /// Count of 10^-8.
    pub units: i64,
}

impl Fixed {
    /// Reads `-?[0-9]{1,9}(\.[0-9]{1,18})?` and rounds half to even; `None` for anything else.
    pub fn parse(text: &[u8]) -> Option<Fixed> {
        let (negative, digits) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut parts = digits.splitn(2, |byte| *byte == b'.');
        let whole = parts.next()?;
        let fraction = parts.next();
        let decimal = |part: &[u8], most: usize| {
            !part.is_empty() && part.len() <= most && part.iter().all(u8::is_ascii_digit)
        };
        if !decimal(whole, MAX_WHOLE) || !fraction.map_or(true, |part| decimal(part, MAX_FRACTION)) {
            return None;
        }
        let fraction = fraction.unwrap_or(b"");
        let digit = |at: usize| i64::from(fraction.get(at).copied().unwrap_or(b'0') - b'0');
        let mut units = whole.iter().fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0'));
        for at in 0..DECIMALS {
            units = units * 10 + digit(at);
        }
        let rest = (DECIMALS..MAX_FRACTION).fold(0, |sum, at| sum * 10 + digit(at));
        let half = 5 * 10i64.pow((MAX_FRACTION - DECIMALS - 1) as u32);
        if rest > half || (rest == half && units % 2 != 0) {
            units += 1;
        }
        Some(Fixed { units: if negative { -units } else { units } })
    }

    /// (a + b) / 2, halves to even.
    pub fn middle(a: Fixed, b: Fixed) -> Fixed {
        let sum = a.units + b.units;
        let low = sum.div_euclid(2);
        let up = sum.rem_euclid(2) != 0 && low % 2 != 0;
        Fixed { units: low + i64::from(up) }
    }

    /// Middle value, or the middle of the two middle ones; zero for no values.
    pub fn median(values: &[Fixed]) -> Fixed {
        let mut ordered = values.to_vec();
        ordered.sort();
        match ordered.len() {
            0 => Fixed { units: 0 },
            count => Fixed::middle(ordered[(count - 1) / 2], ordered[count / 2]),
        }
    }
}

/// Exactly 8 decimals.
impl fmt::Display for Fixed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.units.unsigned_abs();
        let one = ONE as u64;
        let sign = if self.units < 0 { "-" } else { "" };
        write!(out, "{}{}.{:08}", sign, size / one, size % one)
    }
}
