package waterfall

import (
	"time"

	"github.com/asap-go/asap"
)

// canceler is the task whose end canceled task t, which ended at x, or -1.
func (x *index) canceler(t int, at time.Duration) int {
	task := &x.run.Tasks[t]
	switch task.Outcome {
	case asap.Canceled, asap.Exited, asap.Skipped:
	default:
		return -1
	}
	if at != task.End() {
		return -1
	}
	for n := 0; n <= len(x.run.Tasks); n++ {
		g, _ := x.groupOf(task.Group)
		if c := x.firstFailure(g); c >= 0 && c != t && x.run.Tasks[c].End() <= at {
			return c
		}
		p := x.parent(x.members[g][0])
		for p >= 0 && x.run.Tasks[p].Group == task.Group {
			p = x.parent(p)
		}
		if p < 0 {
			return -1
		}
		task = &x.run.Tasks[p]
	}
	return -1
}

// firstFailure is the task of group g whose end canceled the others, or -1. If that is
// not recorded, the first panic, Goexit or exit always did; the first failure did before it, unless the
// group is settled.
func (x *index) firstFailure(g int) int {
	if i, ok := x.taskOf(x.run.Groups[g].EndedBy); ok {
		return i
	}
	failed, left := -1, -1
	earlier := func(i, than int) bool {
		return than < 0 || x.run.Tasks[i].End() < x.run.Tasks[than].End()
	}
	for _, i := range x.members[g] {
		t := &x.run.Tasks[i]
		switch {
		case t.Outcome == asap.Failed:
			if p := x.parent(i); p >= 0 && x.race(p) {
				continue // a Race has others
			}
			if earlier(i, failed) {
				failed = i
			}
		case bad(t.Outcome), t.Outcome == asap.Exited && t.started():
			if earlier(i, left) {
				left = i
			}
		}
	}
	if failed < 0 || left >= 0 && earlier(left, failed) || x.run.Groups[g].Settled {
		return left
	}
	return failed
}
