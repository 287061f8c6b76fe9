package asapweb

import (
	"fmt"
	"math"
	"slices"
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

// scale places makespans on a logarithmic scale, in bars of the same width.
type scale struct {
	lo, step float64 // in classes
	n        int     // of bars
}

func place(d time.Duration) float64 { return perPower * math.Log2(max(1, float64(d))) }

func placed(p float64) time.Duration { return time.Duration(min(math.Exp2(p/perPower), 1<<62)) }

// newScale is one on which all of the histograms have their place, with at most
// so many bars.
func newScale(most int, of ...[]waterfall.Bucket) scale {
	lo, hi := math.Inf(1), 0.0
	for _, buckets := range of {
		if len(buckets) > 0 {
			lo, hi = min(lo, place(buckets[0].Low)), max(hi, place(buckets[len(buckets)-1].High))
		}
	}
	if least := 1.5 * perPower; hi-lo < least { // one bar is no histogram
		lo, hi = (lo+hi-least)/2, (lo+hi+least)/2
	}
	s := scale{lo: math.Floor(lo)}
	hi = math.Ceil(hi)
	s.step = math.Ceil((hi - s.lo) / float64(most))
	s.n = int(math.Ceil((hi - s.lo) / s.step))
	return s
}

// x is in percent.
func (s scale) x(p float64) float64 { return 100 * (p - s.lo) / (s.step * float64(s.n)) }

func (s scale) from(i int) float64 { return s.lo + s.step*float64(i) }

// counts are the runs of each bar.
func (s scale) counts(buckets []waterfall.Bucket) []int {
	counts := make([]int, s.n)
	for _, b := range buckets {
		middle := (place(b.Low) + place(b.High)) / 2
		counts[min(s.n-1, max(0, int((middle-s.lo)/s.step)))] += b.Runs
	}
	return counts
}

func (s scale) ticks() (list []tick) {
	for _, t := range logTicks(placed(s.lo), placed(s.from(s.n))) {
		list = append(list, tick{X: pc(s.x(place(t))), Text: look.Duration(t)})
	}
	return list
}

// newBars draws the histogram with at most so many bars of at most that height.
func newBars(r *waterfall.Report, most, height int) *bars {
	if len(r.Buckets) == 0 {
		return nil
	}
	s := newScale(most, r.Buckets)
	counts := s.counts(r.Buckets)
	top := max(1, slices.Max(counts))
	out := &bars{Height: height, Base: height, Label: histogramLabel(r), Ticks: s.ticks()}
	for i, c := range counts {
		if c == 0 {
			continue
		}
		from := s.from(i)
		h := max(2, int(math.Round(float64(height)*float64(c)/float64(top))))
		out.List = append(out.List, oneBar{
			X: pc(s.x(from)), Width: pc(s.x(s.lo+s.step) * 0.92), Y: height - h, Height: h, Slow: placed(from) >= r.P95,
			Title: fmt.Sprintf("%s from %s to %s", runs(c), look.Duration(placed(from)), look.Duration(placed(from+s.step))),
		})
	}
	for i, m := range []struct {
		name string
		at   time.Duration
	}{{"p50", r.P50}, {"p95", r.P95}, {"p99", r.P99}} {
		at, anchor := s.x(place(m.at)), "start"
		if at > 85 {
			anchor = "end"
		}
		out.Marks = append(out.Marks, tick{X: pc(at), Y: 12 + 14*i, Anchor: anchor, Text: m.name + " " + look.Duration(m.at)})
	}
	return out
}

// overlay is two histograms on one scale, each bar the share of its own runs:
// what it is now, and what it was before as an outline.
type overlay struct {
	Height      int
	Label       string
	Now, Before []oneBar
	Ticks       []tick
}

func newOverlay(before, now *waterfall.Report) *overlay {
	if before.Runs == 0 || now.Runs == 0 {
		return nil
	}
	const height = 120
	s := newScale(64, before.Buckets, now.Buckets)
	a, b := s.counts(before.Buckets), s.counts(now.Buckets)
	top := 0.0
	for i := range a {
		top = max(top, float64(a[i])/float64(before.Runs), float64(b[i])/float64(now.Runs))
	}
	out := &overlay{Height: height, Ticks: s.ticks(), Label: "now: " + histogramLabel(now) + "; before: " + histogramLabel(before)}
	draw := func(counts []int, of int, when string) (list []oneBar) {
		for i, c := range counts {
			if c == 0 {
				continue
			}
			share := float64(c) / float64(of)
			h := max(2, int(math.Round(float64(height)*share/top)))
			from := s.from(i)
			list = append(list, oneBar{
				X: pc(s.x(from)), Width: pc(s.x(s.lo+s.step) * 0.92), Y: height - h, Height: h,
				Title: fmt.Sprintf("%s: %s of runs, %d of %d, from %s to %s", when, percent(share), c, of, look.Duration(placed(from)), look.Duration(placed(from+s.step))),
			})
		}
		return list
	}
	out.Before, out.Now = draw(a, before.Runs, "before"), draw(b, now.Runs, "now")
	return out
}

// timeline is the last hour of a name, with more room for what is newer: a third
// each for the last minute, the ten minutes and the hour before.
type timeline struct {
	Height, Box int // of the bars, and of all
	Label       string
	Most        string
	Points      []point
	Borders     []tick
}

type point struct {
	X, Width            string
	Y99, Height99       int
	Y50, Height50       int
	Below, FailedHeight int // below the base line
	Title               string
}

// failedHeight is how high a bar is drawn of a stretch in which all runs failed.
const failedHeight = 12

func newTimeline(points []waterfall.Point, now time.Time, height int) *timeline {
	if len(points) == 0 {
		return nil
	}
	x := func(t time.Time) float64 {
		age := max(0, now.Sub(t).Seconds()) // the newest stretch is not over
		switch {
		case age <= 60:
			return 100 - age/60*100/3
		case age <= 600:
			return 200./3 - (age-60)/540*100/3
		}
		return max(0, 100./3-(age-600)/3600*100/3)
	}
	top := time.Duration(1)
	failures, all := 0, 0
	for _, p := range points {
		top = max(top, p.P99)
		failures += p.Failures + p.Late
		all += p.Runs
	}
	high := func(d time.Duration) int { return max(1, int(math.Round(float64(height)*float64(d)/float64(top)))) }
	out := &timeline{Height: height, Box: height + failedHeight + 1, Most: look.Duration(top)}
	texts := [3]string{"", "", ""}
	if height > 40 { // with room for words
		out.Box += 16
		texts = [3]string{"an hour and more", "10 minutes", "last minute"}
	}
	for i, text := range texts {
		out.Borders = append(out.Borders, tick{X: pc(100. / 3 * float64(i)), Y: out.Box, Text: text})
	}
	for _, p := range points {
		if !p.Until.After(p.Since) {
			continue
		}
		to := x(p.Until)
		from := min(x(p.Since), to-0.5)
		q := point{Below: height + 1, X: pc(from), Width: pc(max(0.3, to-from-0.25)), Height99: high(p.P99), Height50: high(p.P50)}
		q.Y99, q.Y50 = height-q.Height99, height-q.Height50
		q.Title = fmt.Sprintf("%s to %s: %s, p50 %s, p99 %s", clockOfDay(p.Since), clockOfDay(p.Until), runs(p.Runs), look.Duration(p.P50), look.Duration(p.P99))
		if bad := p.Failures + p.Late; bad > 0 {
			q.FailedHeight = max(2, failedHeight*bad/p.Runs)
		}
		if p.Failures > 0 {
			q.Title += fmt.Sprintf(", %d failed", p.Failures)
		}
		if p.Late > 0 {
			q.Title += fmt.Sprintf(", %d out of time", p.Late)
		}
		out.Points = append(out.Points, q)
	}
	last := points[len(points)-1]
	out.Label = fmt.Sprintf("the last hour: %s, %d failed, p99 at most %s; last p99 %s", runs(all), failures, out.Most, look.Duration(last.P99))
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

// finest is how wide the parts of a strip are at least, in percent, that are told apart:
// of thousands of steps a page had a part each.
const finest = 0.25

// newStrip draws the path on the scale of the longest run beside it.
func newStrip(run *waterfall.Run, longest time.Duration) *strip {
	s := &strip{}
	scale := 100 / float64(max(1, longest))
	words := []string{"critical path"}
	few, from, first := 0, time.Duration(0), -1 // steps that are not told apart, as one part
	for i, step := range run.CriticalPath() {
		name, class := cut(step.Name, 60), step.State.String()
		what := fmt.Sprintf("%s %s: %s", name, step.State, look.Duration(step.Len()))
		if step.State == waterfall.Outside {
			what = "nothing was declared for " + look.Duration(step.Len())
			name = ""
		}
		width := scale * float64(step.Len())
		if first >= 0 && width < finest && scale*float64(step.End-from) < 4*finest {
			few++
			p := &s.Parts[first]
			p.Width, p.TextHidden = pc(scale*float64(step.End-from)), true
			p.Title = fmt.Sprintf("%d steps: %s, the last %s", few, look.Duration(step.End-from), what)
			continue
		}
		if first = -1; width < finest {
			first, few, from = len(s.Parts), 1, step.Start
		}
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
