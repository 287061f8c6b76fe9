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

// Plain makes a text from outside safe for one line of a terminal: no escape
// sequences, line breaks or marks that turn the direction of what follows.
func Plain(s string) string {
	safe := true
	for _, r := range s {
		if hidden(r) || r == utf8.RuneError {
			safe = false
			break
		}
	}
	if safe {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
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

func hidden(r rune) bool {
	if r == 0x200D || r == 0xFE0F { // parts of emoji
		return false
	}
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) && !(r >= 0xE0020 && r <= 0xE007F) ||
		r == 0x2028 || r == 0x2029
}
