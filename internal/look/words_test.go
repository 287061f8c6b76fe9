package look_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/internal/look"
)

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 7: "7 ns", 1500: "1.5 µs", 999_600: "1 ms", 365e6: "365 ms", 1.25e9: "1.25 s", 125e9: "2m 5s",
		2 * time.Hour: "2h 0m", -3e6: "−3 ms", math.MaxInt64: "2562047h 47m", math.MinInt64: "−2562047h 47m",
	} {
		if got := look.Duration(d); got != want {
			t.Errorf("Duration(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	for s, want := range map[string]string{
		"checkout": "checkout", "a\nb\tc": "a⏎b c", "\x1b[31m": `\x1b[31m`, "a\u202eb": `a\u202eb`, "商品 👩‍👧": "商品 👩‍👧",
		"one\r\ntwo": "one⏎two", "z" + strings.Repeat("\u0301", 400) + "a": "z" + strings.Repeat("\u0301", 4) + "a", "e\u0301\u0302u\u0301": "e\u0301\u0302u\u0301",
	} {
		if got := look.Plain(s); got != want {
			t.Errorf("Plain(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, span := range []time.Duration{0, 1, 9, 360e6, time.Hour, math.MaxInt64} {
		ticks := look.Ticks(span, 7)
		if len(ticks) < 1 || len(ticks) > 8 || ticks[0] != 0 || ticks[len(ticks)-1] > span {
			t.Errorf("Ticks(%d, 7) = %v, want at most 8 from 0 to the span", span, ticks)
		}
	}
}

// The style sheet refers to nothing outside, and ends no style element.
func TestCSS(t *testing.T) {
	for _, bad := range []string{"url(", "@import", "</", "http"} {
		if strings.Contains(look.CSS, bad) {
			t.Errorf("the style sheet has %q", bad)
		}
	}
}

func TestErrorOf(t *testing.T) {
	for _, tt := range []struct{ task, text, want string }{
		{"quote", "quote: no route", "no route"},
		{"charge/bank", "bank: no route", "no route"},
		{"GET /users", "GET /users: 503", "503"},
		{"page/GET /users", "GET /users: 503", "503"},
		{"shard[]", "shard[5]: full", "full"},
		{"price/GET /a[]", "GET /a[12]: full", "full"},
		{"quote", "quotes: none", "quotes: none"},
		{"", "none", "none"},
		{"charge", "charge: panic: index [5]\nof 3\n\ngoroutine 7 [running]:\nmain.main()", "panic: index [5]\nof 3"},
	} {
		if got := look.ErrorOf(tt.task, tt.text); got != tt.want {
			t.Errorf("ErrorOf(%q, %q) = %q, want %q", tt.task, tt.text, got, tt.want)
		}
	}
}

func TestSameError(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"", "", true}, {"no route", "no route", true}, {"no route", "no routes", false}, {"no", "", false},
		{"charge: order 4711 not found", "charge: order 15 not found", true},
		{"charge: order 4711 not found", "charge: order x not found", false},
		{"get 8f2c1e0a-77aa-4b41: EOF", "get 1a2b3c4d-0000-ffff: EOF", true},
		{"dial tcp 10.0.3.17:443: refused", "dial tcp 10.0.3.18:443: refused", true},
		{"shard[3]: full", "shard[12]: full", true}, {"shard[3]: full", "shard[3]: gone", false},
		{"größe 3", "größe 4", true}, {"größe 3", "grösse 3", false},
	} {
		if got := look.SameError(tt.a, tt.b); got != tt.want || look.SameError(tt.b, tt.a) != got {
			t.Errorf("SameError(%q, %q) = %t, want %t", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestUnbroken(t *testing.T) {
	for s, want := range map[string]string{
		"quote explains 31 ms, +3.5 % since 14:02": "quote explains 31\u00a0ms, +3.5\u00a0% since 14:02",
		"for 5h 2m, of 3 tasks (1m 4s)":            "for 5h\u00a02m, of 3 tasks (1m\u00a04s)", "": "",
	} {
		if got := look.Unbroken(s); got != want {
			t.Errorf("Unbroken(%q) = %q, want %q", s, got, want)
		}
	}
}
