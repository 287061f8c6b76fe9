package look

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Duration writes d with three significant digits: 365 ms, 1.25 s, 2m 5s.
func Duration(d time.Duration) string {
	if d < 0 {
		return "−" + Duration(max(-d, -(d+1))) // the least has no opposite
	}
	switch {
	case d == 0:
		return "0 ms"
	case d < time.Microsecond:
		return strconv.FormatInt(int64(d), 10) + " ns"
	case d < 999500*time.Nanosecond:
		return Digits(float64(d)/1e3) + " µs"
	case d < 999500*time.Microsecond:
		return Digits(float64(d)/1e6) + " ms"
	case d < time.Minute-5*time.Millisecond:
		return Digits(float64(d)/1e9) + " s"
	}
	d = d.Round(time.Second)
	h, m, s := d/time.Hour, d/time.Minute%60, d/time.Second%60
	if h > 0 {
		return strconv.Itoa(int(h)) + "h " + strconv.Itoa(int(m)) + "m"
	}
	return strconv.Itoa(int(m)) + "m " + strconv.Itoa(int(s)) + "s"
}

// Digits writes f with three significant digits and no trailing zeros.
func Digits(f float64) string {
	prec := 0
	switch {
	case f < 9.995:
		prec = 2
	case f < 99.95:
		prec = 1
	}
	s := strconv.FormatFloat(f, 'f', prec, 64)
	if prec > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// Ticks are round instants in [0, span], about n of them, and the step.
func Ticks(span time.Duration, n int) []time.Duration {
	if span <= 0 || n < 1 {
		return []time.Duration{0}
	}
	step, next := time.Duration(1), 0
	for span/step > time.Duration(n) && step < 1<<60 { // 1 2 5 10 20 50 ...
		step = []time.Duration{step * 2, step / 2 * 5, step * 2}[next]
		next = (next + 1) % 3
	}
	var out []time.Duration
	for t := time.Duration(0); t <= span && t >= 0; t += step {
		out = append(out, t)
	}
	return out
}

// Words is what of a sentence stays on one line: words, and numbers with their
// units.
func Words(s string) []string {
	words := strings.Fields(s)
	parts := words[:0:0]
	for _, w := range words {
		if n := len(parts); n > 0 && AreOne(parts[n-1], w) {
			parts[n-1] += " " + w
			continue
		}
		parts = append(parts, w)
	}
	return parts
}

// AreOne tells whether two words are a number and its unit.
func AreOne(before, after string) bool { return endsInNumber(before) && isUnit(after) }

func endsInNumber(s string) bool {
	s = strings.TrimLeft(s, "−+(")
	return s != "" && s[0] >= '0' && s[0] <= '9' && strings.IndexAny(s[len(s)-1:], "0123456789hm") == 0
}

// isUnit tells whether a word is that of a number before it, as in 12 ms, 3 % and 2m 5s.
func isUnit(s string) bool {
	s = strings.TrimRight(s, ".,;:)")
	switch s {
	case "ns", "µs", "ms", "s", "%":
		return true
	}
	digits := strings.TrimRight(s, "sm")
	return len(digits)+1 == len(s) && strings.Trim(digits, "0123456789") == ""
}

// Unbroken is a sentence whose numbers stay on the lines of their units.
func Unbroken(s string) string {
	parts := Words(s)
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], " ", "\u00a0")
	}
	return strings.Join(parts, " ")
}

// Plain makes a text from outside safe for one line of a terminal: no escape
// sequences, line breaks or marks that turn the direction of what follows, and no more
// marks above and below a character than stay near its line.
func Plain(s string) string {
	safe := true
	marks := 0
	for _, r := range s {
		if marks = stacked(r, marks); hidden(r) || r == utf8.RuneError || marks > mostMarks {
			safe = false
			break
		}
	}
	if safe {
		return s
	}
	var b strings.Builder
	s = strings.ReplaceAll(s, "\r\n", "\n")
	for _, r := range s {
		marks = stacked(r, marks)
		switch {
		case marks > mostMarks:
		case r == '\n':
			b.WriteString("⏎")
		case r == '\t':
			b.WriteByte(' ')
		case r < 0x100 && hidden(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case hidden(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// mostMarks is how many marks a character may have, one above the other: those of real
// words have four at most.
const mostMarks = 4

// stacked is how many marks there are with this rune, after so many before it.
func stacked(r rune, before int) int {
	if r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me) && r != 0xFE0F {
		return before + 1
	}
	return 0
}

func hidden(r rune) bool {
	if r == 0x200D || r == 0xFE0F { // parts of emoji
		return false
	}
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) && !(r >= 0xE0020 && r <= 0xE007F) ||
		r == 0x2028 || r == 0x2029
}
