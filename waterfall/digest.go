package waterfall

import "time"

// digest is a run on its way to the totals.
type digest struct {
	run     *Run
	at      time.Time // when it ended, by the clock of windows
	kept    kept
	outside time.Duration // of the critical path
}

func newDigest(run *Run, number uint64) *digest {
	run.Number = number
	d := &digest{run: run, at: time.Now()}
	d.kept = kept{Kept: Kept{Number: number, Began: run.Began, Makespan: run.Makespan, Tasks: len(run.Tasks)}, ended: d.at, run: run, bytes: runBytes(run)}
	if len(run.Groups) > 0 {
		d.kept.Outcome, d.kept.Err = run.Groups[0].Outcome, cutText(run.Groups[0].Err)
	}
	return d
}
