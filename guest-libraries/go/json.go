package cryptlet

// Kind of a JSON value.
type Kind int

// The kinds.
const (
	Null Kind = iota
	False
	True
	Number
	Text
	List
	Object
)

// Most containers around a value.
const maxDepth = 32

// JSON (RFC 8259) read strictly: a key stands once in an object, at most 32 containers around a value. Methods take nil, so
// that paths can be walked without asking at each step.
type JSON struct {
	Kind Kind
	// A number as it was written; a text after unescaping, with an unpaired surrogate as three bytes.
	Text  string
	Keys  []string
	Items []*JSON
}

// Parse gives nil for what is not JSON.
func Parse(text []byte) *JSON {
	r := reader{text: string(text)}
	value := r.value(0)
	r.blanks()
	if value == nil || r.at != len(text) {
		return nil
	}
	return value
}

// Is tells whether a value is there and of that kind.
func (v *JSON) Is(kind Kind) bool { return v != nil && v.Kind == kind }

// Says tells whether it is this text.
func (v *JSON) Says(words string) bool { return v.Is(Text) && v.Text == words }

// Field gives a member, or nil.
func (v *JSON) Field(name string) *JSON {
	if !v.Is(Object) {
		return nil
	}
	for at, key := range v.Keys {
		if key == name {
			return v.Items[at]
		}
	}
	return nil
}

// Item gives an item of a list, or nil.
func (v *JSON) Item(index int) *JSON {
	if !v.Is(List) || index >= len(v.Items) {
		return nil
	}
	return v.Items[index]
}

// Integer gives a whole number; zero for what is none.
func (v *JSON) Integer() int64 {
	if !v.Is(Number) || len(v.Text) > 18 {
		return 0
	}
	var sum int64
	for _, digit := range []byte(v.Text) {
		if digit < '0' || digit > '9' {
			return 0
		}
		sum = sum*10 + int64(digit-'0')
	}
	return sum
}

// String gives JSON text; null for nil.
func (v *JSON) String() string {
	if v == nil {
		return "null"
	}
	switch v.Kind {
	case Null:
		return "null"
	case False:
		return "false"
	case True:
		return "true"
	case Number:
		return v.Text
	case Text:
		return Quote(v.Text)
	}
	out := ""
	for at, item := range v.Items {
		if at > 0 {
			out += ","
		}
		if v.Kind == Object {
			out += Quote(v.Keys[at]) + ":"
		}
		out += item.String()
	}
	if v.Kind == Object {
		return "{" + out + "}"
	}
	return "[" + out + "]"
}

// Quote gives a text as JSON, quotes and all.
func Quote(text string) string {
	const hex = "0123456789abcdef"
	out := []byte{'"'}
	for _, c := range []byte(text) {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < ' ':
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}

type reader struct {
	text string
	at   int
}

func (r *reader) peek() int {
	if r.at < len(r.text) {
		return int(r.text[r.at])
	}
	return -1
}

func (r *reader) blanks() {
	for c := r.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = r.peek() {
		r.at++
	}
}

func (r *reader) skip(expected int) bool {
	r.blanks()
	if r.peek() != expected {
		return false
	}
	r.at++
	return true
}

func (r *reader) word(word string) bool {
	if len(r.text)-r.at < len(word) || r.text[r.at:r.at+len(word)] != word {
		return false
	}
	r.at += len(word)
	return true
}

func (r *reader) value(depth int) *JSON {
	if depth > maxDepth {
		return nil
	}
	r.blanks()
	switch c := r.peek(); {
	case c == '"':
		r.at++
		if text, ok := r.string(); ok {
			return &JSON{Kind: Text, Text: text}
		}
		return nil
	case c == '{' || c == '[':
		return r.container(c == '{', depth+1)
	case r.word("null"):
		return &JSON{Kind: Null}
	case r.word("true"):
		return &JSON{Kind: True}
	case r.word("false"):
		return &JSON{Kind: False}
	}
	return r.number()
}

func (r *reader) container(object bool, depth int) *JSON {
	value, last := &JSON{Kind: List}, int(']')
	if object {
		value.Kind, last = Object, '}'
	}
	r.at++
	if r.skip(last) {
		return value
	}
	for {
		if object {
			if !r.skip('"') {
				return nil
			}
			key, ok := r.string()
			if !ok || value.Field(key) != nil || !r.skip(':') {
				return nil
			}
			value.Keys = append(value.Keys, key)
		}
		item := r.value(depth)
		if item == nil {
			return nil
		}
		value.Items = append(value.Items, item)
		if !r.skip(',') {
			break
		}
	}
	if !r.skip(last) {
		return nil
	}
	return value
}

func (r *reader) digits() bool {
	start := r.at
	for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
		r.at++
	}
	return r.at > start
}

func (r *reader) number() *JSON {
	start := r.at
	if r.peek() == '-' {
		r.at++
	}
	if r.peek() == '0' {
		r.at++
	} else if !r.digits() {
		return nil
	}
	if r.peek() == '.' {
		r.at++
		if !r.digits() {
			return nil
		}
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.at++
		if c := r.peek(); c == '+' || c == '-' {
			r.at++
		}
		if !r.digits() {
			return nil
		}
	}
	return &JSON{Kind: Number, Text: r.text[start:r.at]}
}

// Behind the opening quote.
func (r *reader) string() (string, bool) {
	out := []byte{}
	for {
		c := r.peek()
		if c < ' ' {
			return "", false
		}
		r.at++
		switch c {
		case '"':
			return string(out), true
		case '\\':
			point, ok := r.escape()
			if !ok {
				return "", false
			}
			out = appendPoint(out, point)
		default:
			out = append(out, byte(c))
		}
	}
}

func (r *reader) escape() (int, bool) {
	c := r.peek()
	r.at++
	switch c {
	case '"', '\\', '/':
		return c, true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		return r.unicode()
	}
	return 0, false
}

func (r *reader) hex() (int, bool) {
	value := 0
	for count := 0; count < 4; count++ {
		c := r.peek()
		switch {
		case c >= '0' && c <= '9':
			value = value*16 + c - '0'
		case c >= 'a' && c <= 'f':
			value = value*16 + c - 'a' + 10
		case c >= 'A' && c <= 'F':
			value = value*16 + c - 'A' + 10
		default:
			return 0, false
		}
		r.at++
	}
	return value, true
}

// One unit, or both halves of a pair.
func (r *reader) unicode() (int, bool) {
	unit, ok := r.hex()
	behind := r.at
	if ok && unit >= 0xd800 && unit < 0xdc00 && r.word("\\u") {
		if low, ok := r.hex(); ok && low >= 0xdc00 && low < 0xe000 {
			return 0x10000 + (unit&0x3ff)<<10 + low&0x3ff, true
		}
		r.at = behind
	}
	return unit, ok
}

// UTF-8 of a code point, also of an unpaired surrogate, which Go's own encoder replaces.
func appendPoint(out []byte, point int) []byte {
	low := func(shift int) byte { return 0x80 | byte(point>>shift&63) }
	switch {
	case point < 0x80:
		return append(out, byte(point))
	case point < 0x800:
		return append(out, 0xc0|byte(point>>6), low(0))
	case point < 0x10000:
		return append(out, 0xe0|byte(point>>12), low(6), low(0))
	}
	return append(out, 0xf0|byte(point>>18), low(12), low(6), low(0))
}
