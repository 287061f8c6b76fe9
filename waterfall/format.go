package waterfall

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// duration writes d with three significant digits: 365 ms, 1.25 s, 2m 5s.
func duration(d time.Duration) string {
	if d < 0 {
		return "−" + duration(-d)
	}
	switch {
	case d == 0:
		return "0 ms"
	case d < time.Microsecond:
		return strconv.FormatInt(int64(d), 10) + " ns"
	case d < 999500*time.Nanosecond:
		return digits(float64(d)/1e3) + " µs"
	case d < 999500*time.Microsecond:
		return digits(float64(d)/1e6) + " ms"
	case d < time.Minute-5*time.Millisecond:
		return digits(float64(d)/1e9) + " s"
	}
	d = d.Round(time.Second)
	h, m, s := d/time.Hour, d/time.Minute%60, d/time.Second%60
	if h > 0 {
		return strconv.Itoa(int(h)) + "h " + strconv.Itoa(int(m)) + "m"
	}
	return strconv.Itoa(int(m)) + "m " + strconv.Itoa(int(s)) + "s"
}

// digits writes f with three significant digits and no trailing zeros.
func digits(f float64) string {
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

// count writes a number with its noun: 1 task, 2 tasks.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// ticks are round instants in [0, span], about n of them, and the step.
func ticks(span time.Duration, n int) []time.Duration {
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

// add is a sum that stays at the greatest duration rather than overflow.
func add(a, b time.Duration) time.Duration {
	if sum := a + b; b <= 0 || sum > a {
		return sum
	}
	return math.MaxInt64
}

// list writes a, b and c, and no more than max names.
func list(names []string, max int) string {
	if len(names) > max {
		rest := len(names) - max + 1
		names = append(append([]string(nil), names[:max-1]...), strconv.Itoa(rest)+" more")
	}
	switch len(names) {
	case 0:
		return "nothing"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
