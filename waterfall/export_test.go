package waterfall

import (
	"io"
	"slices"
	"time"

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
	run := d.d.keep().run
	steps := slices.Clone(d.d.steps)
	d.d.reset()
	number(run)
	return steps, run
}

// Plain is what is added up of the run that rec has recorded, if that is plain, and what
// a snapshot and a walker say of the same.
func (d *Digests) Plain(rec *Recorder) (plain, whole []PlainTask, outside [2]time.Duration, ok bool) {
	d.d.ended(rec.latest.Load(), 7)
	defer d.d.reset()
	if !d.d.isPlain {
		return nil, nil, outside, false
	}
	run := d.d.wholeRun()
	outside[0] = d.d.plain.outside
	for _, t := range d.d.plain.tasks {
		plain = append(plain, PlainTask{Name: t.Name, Outcome: t.Outcome, Ran: t.Ran, Took: t.Took, Queued: t.queued(), Critical: t.Critical})
	}
	for _, t := range run.Tasks {
		w := PlainTask{Name: t.Name, Outcome: t.Outcome, Ran: t.started(), Took: t.Took(), Queued: t.in(Queued)}
		for _, s := range d.d.steps {
			if s.Task == t.ID {
				w.Critical += s.Len()
			}
		}
		whole = append(whole, w)
	}
	for _, s := range d.d.steps {
		if s.State == Outside {
			outside[1] += s.Len()
		}
	}
	if d.d.plain.end != run.Makespan {
		outside[0] = -1
	}
	return plain, whole, outside, true
}

// RunsOf are the runs of a sample.
func RunsOf(s *Sample) (runs []*Run) {
	for _, r := range s.runs {
		runs = append(runs, r.run)
	}
	return runs
}
