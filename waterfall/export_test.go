package waterfall

import (
	"io"
	"slices"

	"github.com/asap-go/asap"
)

// Printer is the observer inside Print's option.
func Printer(w io.Writer) asap.Observer { return &printer{w: w} }

// TextWidth is the number of terminal columns of s.
func TextWidth(s string) int { return textWidth(s) }

// Duration is how texts write a duration.
var Duration = duration

// Terminal is how Print finds the width and whether to color.
var Terminal = terminal

// HoldTotals is a reader of s that takes its time; release lets it go.
func HoldTotals(s *Stats) (release func()) {
	s.lock()
	return s.unlock
}

// Digests are what a Stats uses, again and again.
type Digests struct{ d digest }

// Path is the critical path of the run that rec has recorded, and a clone of that
// run, as a Stats makes them.
func (d *Digests) Path(rec *Recorder) ([]Step, *Run) {
	d.d.ended(rec.latest.Load(), 7)
	steps, run := slices.Clone(d.d.steps), d.d.keep().run
	d.d.snapshot.reset()
	d.d.walker.index, d.d.run = nil, nil
	number(run)
	return steps, run
}

// RunsOf are the runs of a sample.
func RunsOf(s *Sample) (runs []*Run) {
	for _, r := range s.runs {
		runs = append(runs, r.run)
	}
	return runs
}
