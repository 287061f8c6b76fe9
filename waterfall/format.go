package waterfall

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/asap-go/asap/internal/look"
)

// duration writes d with three significant digits: 365 ms, 1.25 s, 2m 5s.
func duration(d time.Duration) string { return look.Duration(d) }

// digits writes f with three significant digits and no trailing zeros.
func digits(f float64) string { return look.Digits(f) }

// plain makes a text from outside safe for one line of a terminal.
func plain(s string) string { return look.Plain(s) }

// A name may be long, and a picture is read: in sentences and boxes names have
// longestName columns, where the whole is told longestTold bytes.
const (
	longestName = 60
	longestTold = 500
)

// called is how a name stands in a sentence or a box.
func called(name string) string { return brief(name, longestName) }

// brief is a text from outside in at most w columns; what is cut off costs nothing.
func brief(s string, w int) string { return short(plain(clip(s, 16*w)), w) }

// told is a name as it is told where there is room, as in a title.
func told(name string) string {
	if name != "" && strings.TrimSpace(name) == "" {
		return strconv.Quote(clip(name, 16)) // which one could not see
	}
	return plain(clip(name, longestTold))
}

// told is a task's name after those around it.
func (x *index) told(i int) string {
	names := []string{clip(x.run.Tasks[i].Name, longestTold)}
	for p := x.parent(i); p >= 0 && len(names) < 64; p = x.parent(p) {
		if !x.container(p) {
			names = append(names, clip(x.run.Tasks[p].Name, longestTold/4))
		}
	}
	slices.Reverse(names)
	return told(strings.Join(names, "/"))
}

// clip is s, cut to about n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// ticks are round instants in [0, span], about n of them.
func ticks(span time.Duration, n int) []time.Duration { return look.Ticks(span, n) }

// count writes a number with its noun: 1 task, 2 tasks.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
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
