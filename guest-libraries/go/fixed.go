package cryptlet

// Fixed is a number of 8 decimals, a count of 10^-8, at most 10^9 in size when it was read, so that sums and multiples by
// 50 fit into 64 bits.
type Fixed int64

const one = 100_000_000

// ParseFixed reads `-?[0-9]{1,9}(\.[0-9]{1,18})?` and rounds half to even; false for anything else.
func ParseFixed(text string) (Fixed, bool) {
	digits := text
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		digits = text[1:]
	}
	whole, fraction := digits, "0"
	for at := range []byte(digits) {
		if digits[at] == '.' {
			whole, fraction = digits[:at], digits[at+1:]
			break
		}
	}
	if len(whole) < 1 || len(whole) > 9 || len(fraction) < 1 || len(fraction) > 18 {
		return 0, false
	}
	var units, rest int64
	for at := 0; at < len(whole)+18; at++ {
		digit := byte('0')
		if at < len(whole) {
			digit = whole[at]
		} else if at-len(whole) < len(fraction) {
			digit = fraction[at-len(whole)]
		}
		if digit < '0' || digit > '9' {
			return 0, false
		}
		if at < len(whole)+8 {
			units = units*10 + int64(digit-'0')
		} else {
			rest = rest*10 + int64(digit-'0')
		}
	}
	const half = 5_000_000_000
	if rest > half || (rest == half && units%2 != 0) {
		units++
	}
	if negative {
		units = -units
	}
	return Fixed(units), true
}

// Middle is (a + b) / 2, halves to even; for numbers that are not negative.
func Middle(a, b Fixed) Fixed {
	sum := a + b
	half := sum / 2
	if sum%2 != 0 && half%2 != 0 {
		half++
	}
	return half
}

// Median is the middle value, or the middle of the two middle ones; zero for no values.
func Median(values []Fixed) Fixed {
	if len(values) == 0 {
		return 0
	}
	ordered := append([]Fixed{}, values...)
	for i := range ordered {
		for j := i; j > 0 && ordered[j-1] > ordered[j]; j-- {
			ordered[j-1], ordered[j] = ordered[j], ordered[j-1]
		}
	}
	return Middle(ordered[(len(ordered)-1)/2], ordered[len(ordered)/2])
}

// String gives exactly 8 decimals.
func (f Fixed) String() string {
	if f < 0 {
		return "-" + (-f).String()
	}
	decimals := Integer(int64(f%one) + one)
	return Integer(int64(f/one)) + "." + decimals[1:]
}

// Integer gives a whole number as text, without strconv.
func Integer(value int64) string {
	if value < 0 {
		return "-" + Integer(-value)
	}
	out := string([]byte{'0' + byte(value%10)})
	for value /= 10; value > 0; value /= 10 {
		out = string([]byte{'0' + byte(value%10)}) + out
	}
	return out
}
