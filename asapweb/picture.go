package asapweb

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// Pictures measure across in percent and down in pixels, so that they fit any
// window and their text does not shrink.

// bars is a histogram of makespans on a logarithmic scale.
type bars struct {
	Height, Base int // of the picture, and of its base line
	Label        string
	List         []oneBar
	Ticks        []tick
	Marks        []tick // percentiles
}

type oneBar struct {
	X, Width  string
	Y, Height int
	Slow      bool // among the slowest 5 %
	Title     string
}

type tick struct {
	X      string
	Y      int
	Anchor string
	Text   string
}

// perPower is how many classes of a report's histogram there are for each power
// of two.
const perPower = 16

// newBars draws the histogram with at most so many bars of at most that height.
func newBars(r *waterfall.Report, most, height int) *bars {
	if len(r.Buckets) == 0 {
		return nil
	}
	place := func(d time.Duration) float64 { return perPower * math.Log2(max(1, float64(d))) }
	lo, hi := place(r.Buckets[0].Low), place(r.Buckets[len(r.Buckets)-1].High)
	if least := 1.5 * perPower; hi-lo < least { // one bar is no histogram
		lo, hi = (lo+hi-least)/2, (lo+hi+least)/2
	}
	lo, hi = math.Floor(lo), math.Ceil(hi)
	step := math.Ceil((hi - lo) / float64(most))
	n := int(math.Ceil((hi - lo) / step))
	x := func(p float64) float64 { return 100 * (p - lo) / (step * float64(n)) }
	instant := func(p float64) time.Duration { return time.Duration(min(math.Exp2(p/perPower), 1<<62)) }

	counts := make([]int, n)
	for _, b := range r.Buckets {
		middle := (place(b.Low) + place(b.High)) / 2
		counts[min(n-1, max(0, int((middle-lo)/step)))] += b.Runs
	}
	top := 1
	for _, c := range counts {
		top = max(top, c)
	}
	out := &bars{Height: height, Base: height, Label: histogramLabel(r)}
	for i, c := range counts {
		if c == 0 {
			continue
		}
		from := lo + step*float64(i)
		h := max(2, int(math.Round(float64(height)*float64(c)/float64(top))))
		out.List = append(out.List, oneBar{
			X: pc(x(from)), Width: pc(x(lo+step) * 0.92), Y: height - h, Height: h, Slow: instant(from) >= r.P95,
			Title: fmt.Sprintf("%s from %s to %s", runs(c), look.Duration(instant(from)), look.Duration(instant(from+step))),
		})
	}
	for _, t := range logTicks(instant(lo), instant(lo+step*float64(n))) {
		out.Ticks = append(out.Ticks, tick{X: pc(x(place(t))), Text: look.Duration(t)})
	}
	for i, m := range []struct {
		name string
		at   time.Duration
	}{{"p50", r.P50}, {"p95", r.P95}, {"p99", r.P99}} {
		at, anchor := x(place(m.at)), "start"
		if at > 85 {
			anchor = "end"
		}
		out.Marks = append(out.Marks, tick{X: pc(at), Y: 12 + 14*i, Anchor: anchor, Text: m.name + " " + look.Duration(m.at)})
	}
	return out
}

func histogramLabel(r *waterfall.Report) string {
	return fmt.Sprintf("latency of %s: half within %s, 95 %% within %s, 99 %% within %s, the longest %s",
		runs(r.Runs), look.Duration(r.P50), look.Duration(r.P95), look.Duration(r.P99), look.Duration(r.Max))
}

func pc(f float64) string { return fmt.Sprintf("%.2f%%", f) }

// logTicks are three to six round durations between lo and hi.
func logTicks(lo, hi time.Duration) []time.Duration {
	var out []time.Duration
	for _, mantissas := range [][]float64{{1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 4, 5, 7}, {1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9}} {
		out = out[:0]
		for power := 1.0; power < float64(hi)*1.0001; power *= 10 {
			for _, m := range mantissas {
				if d := m * power; d > float64(lo)*1.03 && d < float64(hi)*0.97 && d == math.Floor(d) {
					out = append(out, time.Duration(d))
				}
			}
		}
		if len(out) >= 3 {
			break
		}
	}
	for len(out) > 6 {
		kept := out[:0]
		for i := 0; i < len(out); i += 2 {
			kept = append(kept, out[i])
		}
		out = kept
	}
	return out
}

// strip is the critical path of a run as one bar.
type strip struct {
	Label string
	Parts []stripPart
}

type stripPart struct {
	X, Width   string
	Class      string
	Text       string
	TextHidden bool
	Title      string
}

// newStrip draws the path on the scale of the longest run beside it.
func newStrip(run *waterfall.Run, longest time.Duration) *strip {
	s := &strip{}
	scale := 100 / float64(max(1, longest))
	words := []string{"critical path"}
	for i, step := range run.CriticalPath() {
		name, class := look.Plain(step.Name), step.State.String()
		what := fmt.Sprintf("%s %s: %s", name, step.State, look.Duration(step.Len()))
		if step.State == waterfall.Outside {
			what = "nothing was declared for " + look.Duration(step.Len())
			name = ""
		}
		width := scale * float64(step.Len())
		s.Parts = append(s.Parts, stripPart{
			X: pc(scale * float64(step.Start)), Width: pc(width), Class: class, Text: name, Title: what,
			TextHidden: width < 2 || step.State != waterfall.Running,
		})
		if i < 12 && step.State == waterfall.Running && width >= 0.5 {
			words = append(words, name+" "+look.Duration(step.Len()))
		}
	}
	s.Label = strings.Join(words, ", ")
	return s
}
