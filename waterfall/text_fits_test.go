package waterfall_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// hostile are names that a picture has to take apart from its own markup.
var hostile = []string{
	"", " ", "a\nb\r\tc", "\x1b[31mred\x1b[0m", "</script><b>x", "]]>-->", "a\"b'c`d\\e", "\u202eevil", "שלום", "👩‍👩‍👧‍👦",
	"e\u0301\u0301", strings.Repeat("long", 500), strings.Repeat("価", 200), "\xff\x00", "%s{{.}}", "\u0085\u2028", "a/b", "x[3]", "#35;",
}

// hostileRun has tasks of those names that succeed, fail, nest and are Maps.
func hostileRun(t *testing.T) *waterfall.Run {
	return recorded(t, func(g *asap.Group) {
		for i, name := range hostile {
			g.Go(name, func(ctx context.Context) (int, error) {
				time.Sleep(time.Duration(i) * ms)
				if i%3 == 1 {
					return 0, errors.New("no " + name)
				}
				inner := asap.New(ctx, asap.Name(name))
				inner.Go(name, sleep(ms, 1))
				return 1, inner.Wait()
			})
			list := g.Input(name, []int{1, 2})
			g.Map(name, list, func(context.Context, int) (int, error) { return 1, nil }).Do(name, func(context.Context, []int) error { return nil })
		}
	}, asap.Settled(), asap.Name("\x1b[1m"+strings.Repeat("group", 100)))
}

var styles = regexp.MustCompile("\x1b\\[[0-9]+m")

// No line is wider than the terminal, whatever the names are, and color adds
// nothing but color.
func TestTextFits(t *testing.T) {
	run := hostileRun(t)
	for _, width := range []int{0, 20, 40, 59, 60, 80, 200} {
		columns := max(width, 40)
		if width == 0 {
			columns = 80
		}
		text := run.Text(width, false)
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if got := waterfall.TextWidth(line); got > columns {
				t.Errorf("Text(%d, false) has a line of %d columns: %.200q", width, got, line)
			}
			if strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) || r >= 0x2028 && r <= 0x202e }) {
				t.Errorf("Text(%d, false) has control characters: %.200q", width, line)
			}
		}
		if got := styles.ReplaceAllString(run.Text(width, true), ""); got != text {
			t.Errorf("Text(%d, true) without its styles = %.2000q, want %.2000q", width, got, text)
		}
	}
}

// However wide it is asked for, a picture has an end.
func TestTextHasAnEnd(t *testing.T) {
	run := hostileRun(t)
	if wide, most := run.Text(math.MaxInt, false), run.Text(1000, false); wide != most {
		t.Errorf("Text(math.MaxInt) has %d bytes, and Text(1000) %d", len(wide), len(most))
	}
}

// The drawings of the graph have no control characters.
func TestGraphsOfHostileNames(t *testing.T) {
	run := hostileRun(t)
	for _, f := range []waterfall.Format{waterfall.DOT, waterfall.Mermaid, waterfall.SVG, waterfall.HTML} {
		for i, line := range strings.Split(render(t, run, f), "\n") {
			if strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) && r != '\t' || r == 0x202e }) {
				t.Errorf("%s, line %d: %s", f, i+1, fmt.Sprintf("%.200q", line))
			}
		}
	}
}

// In a narrow terminal names are read before what is in brackets after them, and titles
// have the whole line.
func TestNarrowNames(t *testing.T) {
	run := recorded(t, func(g *asap.Group) {
		g.Do("page", func(ctx context.Context) error {
			mid := asap.New(ctx, asap.Name("middle"), asap.Limit(2))
			mid.Do("part", func(ctx context.Context) error {
				low := asap.New(ctx, asap.Name("lowest"), asap.Limit(2))
				low.Map("leaves", low.Input("in", []int{1, 2}), func(context.Context, int) (int, error) { time.Sleep(ms); return 1, nil }, asap.Limit(1))
				return low.Wait()
			})
			return mid.Wait()
		})
	})
	for width, want := range map[int][]string{40: {"middle (limit 2)", "lowest (limit 2)", " leaves"}, 60: {"lowest (limit 2)\n", " leaves"}, 100: {"leaves (limit 1) "}} {
		text := run.Text(width, false)
		for _, s := range want {
			if !strings.Contains(text, s) {
				t.Errorf("Text(%d) does not have %q:\n%s", width, s, text)
			}
		}
	}
}
