package waterfall_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// R25: one Write, nested groups indented, cycles and stuck waits in words.
func TestR25_OneWrite(t *testing.T) {
	for name, script := range scripts {
		w := &writes{}
		play(t, waterfall.Printer(w), script)
		if len(w.texts) != 1 {
			t.Errorf("%s: Print wrote %d times, want once", name, len(w.texts))
		}
	}
}

func TestR25_NestedGroupsAreIndented(t *testing.T) {
	var b bytes.Buffer
	play(t, waterfall.Printer(&b), scripts["nested"])
	for _, want := range []string{"\n    payment\n", "\n▸     stock ", "\n▸     charge "} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("text lacks %q:\n%s", want, b.String())
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestPrintToABrokenWriter(t *testing.T) {
	play(t, waterfall.Printer(brokenWriter{}), readme) // must not panic
}

// An event that the recorder cannot digest costs no group its picture.
func TestPrintSaysThatEventsAreMissing(t *testing.T) {
	var b bytes.Buffer
	play(t, waterfall.Printer(&b), `
		0 group g
		0 declare a
		0 ready a
		0 start a
		5 declare b
		9 end b
		9 close g`)
	if want := "1 task has no end"; !strings.Contains(b.String(), want) {
		t.Errorf("text lacks %q:\n%s", want, b.String())
	}
}

// What better-all's debug chart gets wrong, by peers.md.

func TestSiblingsStayOnFailure(t *testing.T) {
	text := record(t, scripts["failed"]).Text(80, false)
	for _, name := range []string{"user", "config", "cart", "page"} {
		if !strings.Contains(text, "  "+name+" ") && !strings.Contains(text, "▸ "+name+" ") {
			t.Errorf("after the failure of user, %s is not in the chart:\n%s", name, text)
		}
	}
}

func TestBusyIsNeverDrawnAsWaiting(t *testing.T) {
	// posts runs at first, waits, and runs again: three stretches.
	run := record(t, `
		0 group g
		0 declare user
		0 ready user
		0 start user
		0 declare posts
		0 ready posts
		0 start posts
		40 block posts on user
		60 end user
		60 resume posts
		100 end posts
		100 close g`)
	line := lineOf(run.Text(80, false), "posts")
	busy := strings.Count(line, "█") + strings.Count(line, "━")
	dots := strings.Count(line, "·")
	if bar := busy + dots; busy < bar*70/100 || busy > bar*90/100 || dots < bar*10/100 {
		t.Errorf("posts ran for 80 %% of the run; its bar has %d busy columns and %d waiting: %q", busy, dots, line)
	}
	first := strings.IndexAny(line, "█━·")
	if strings.HasPrefix(line[first:], "·") {
		t.Errorf("the time before the first wait is drawn as waiting: %q", line)
	}
}

func TestShortTasksStayVisible(t *testing.T) {
	text := record(t, scripts["short"]).Text(80, false)
	for _, name := range []string{"quick", "zero", "late"} {
		if line := lineOf(text, name); !strings.ContainsAny(line, "█▌▐━╸╺") {
			t.Errorf("%s has no mark: %q", name, line)
		}
	}
}

func TestNoNaN(t *testing.T) {
	for name, script := range scripts {
		run := record(t, script)
		for _, width := range []int{-5, 0, 1, 40, 80, 500} {
			if text := run.Text(width, false); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
				t.Errorf("%s at width %d has NaN or Inf:\n%s", name, width, text)
			}
		}
	}
	instant := record(t, "0 group g\n0 declare a\n0 start a\n0 end a\n0 close g")
	if text := instant.Text(80, false); strings.Contains(text, "NaN") {
		t.Errorf("a run of no time has NaN:\n%s", text)
	}
}

func TestAHangExplainsItself(t *testing.T) {
	script := strings.Join(strings.Split(readme, "\n")[:20], "\n") // user never ends
	text := record(t, script).Text(80, false)
	for _, want := range []string{"user has been running for", "waiting for it: posts", "analytics", "through posts"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("the text of a hang lacks %q:\n%s", want, text)
		}
	}
}

func lineOf(text, name string) string {
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 0 && (f[0] == name || len(f) > 1 && f[1] == name && f[0] == "▸") {
			return strings.TrimRight(line, "\n")
		}
	}
	return ""
}

func TestStatesDifferWithoutColor(t *testing.T) {
	run := record(t, `
		0 group g
		0 declare a
		0 ready a
		0 start a
		0 declare q
		0 ready q
		0 declare b deps a
		0 declare c
		0 ready c
		0 start c
		50 end a Failed boom
		50 end b Skipped boom
		50 start q
		60 end q Canceled context canceled
		100 end c
		100 close g Failed boom`)
	text := run.Text(80, false)
	for name, mark := range map[string]string{"a": "✗", "q": "░", "b": "–", "c": "█"} {
		if line := lineOf(text, name); !strings.Contains(line, mark) {
			t.Errorf("%s lacks %q: %q\n%s", name, mark, line, text)
		}
	}
	if !strings.Contains(lineOf(text, "q"), "~") {
		t.Errorf("q was canceled and lacks ~:\n%s", text)
	}
}

func TestColorOnlyWhenAsked(t *testing.T) {
	var b bytes.Buffer
	play(t, waterfall.Printer(&b), readme)
	if strings.Contains(b.String(), "\x1b") {
		t.Errorf("escape sequences in what is no terminal: %q", b.String())
	}
}

func TestHostileNames(t *testing.T) {
	var rec waterfall.Recorder
	g, a := asap.ID(1), asap.ID(2)
	bad := "x\x1b[2Jy\nz\u202e\xff"
	rec.Observe(asap.Event{Kind: asap.GroupStart, Group: g, Name: bad})
	rec.Observe(asap.Event{Kind: asap.Declared, Group: g, Task: a, Name: bad})
	rec.Observe(asap.Event{Kind: asap.Started, Group: g, Task: a, Name: bad})
	rec.Observe(asap.Event{Kind: asap.Ended, Group: g, Task: a, Name: bad, At: 5, Outcome: asap.Failed, Err: errors.New(bad)})
	rec.Observe(asap.Event{Kind: asap.GroupEnd, Group: g, Name: bad, At: 5, Outcome: asap.Failed, Err: errors.New(bad)})
	text := rec.Run().Text(80, false)
	if strings.ContainsAny(text, "\x1b\u202e") || strings.Contains(text, "\nz") {
		t.Errorf("control characters of a name reach the terminal: %q", text)
	}
}

func TestTextWidth(t *testing.T) {
	tests := []struct {
		s    string
		want int
	}{
		{"user", 4}, {"価格", 4}, {"é́", 1}, {"👩‍👩‍👧", 2}, {"🇫🇷", 2}, {"👍🏽", 2}, {"❤️", 2}, {"ｆｕｌｌ", 8}, {"한국", 4}, {"…", 1}, {"", 0},
	}
	for _, tt := range tests {
		if got := waterfall.TextWidth(tt.s); got != tt.want {
			t.Errorf("textWidth(%q) = %d, want %d", tt.s, got, tt.want)
		}
	}
}

func TestColumnsLineUp(t *testing.T) {
	text := record(t, scripts["wide"]).Text(80, false)
	at := -1
	for line := range strings.Lines(text) {
		i := strings.IndexAny(line, "█━")
		if i < 0 || strings.HasPrefix(line, "  █ ") {
			continue
		}
		if w := waterfall.TextWidth(line[:i]); at >= 0 && w != at {
			t.Errorf("bar starts at column %d, others at %d: %q", w, at, line)
		} else {
			at = w
		}
		if w := waterfall.TextWidth(strings.TrimRight(line, "\n")); w > 80 {
			t.Errorf("line of %d columns, want at most 80: %q", w, line)
		}
	}
}

// A live cycle cannot come from this library; a run from elsewhere may have one.
func TestLiveCycleInWords(t *testing.T) {
	run := record(t, `
		0 group g
		0 declare a
		0 start a
		0 declare b
		0 start b
		0 declare c
		0 start c
		1 block a on b
		2 block b on a
		3 block c on a`)
	want := "cycle: a waits for b, b waits for a: none of them can ever go on"
	if got := run.Explain(); len(got) != 1 || got[0] != want {
		t.Errorf("Explain() = %q, want %q", got, want)
	}
}
