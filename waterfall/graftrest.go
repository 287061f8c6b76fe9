package waterfall

import (
	"slices"
	"time"
)

// goOn lets body i, of which the record tells up to a step, go on as others did: those
// that did the same up to there, in about the same time if there are such, and ran at least
// as long if it was cut while it ran.
func (g *graft) goOn(i, at int) {
	ours := g.tasks[i].ops
	if g.tasks[i].ending == endsWithWait && ours[at].kind == opMore { // what it ran since its last wait is its way out
		for at > 0 && ours[at-1].kind == opRun && !g.tasks[i].refused {
			at--
		}
	}
	rests := make(map[donor]rest)
	var list, like []donor
	for _, d := range g.of.all(g.keys[i], func(*model, int) bool { return true }) {
		if r, ok := g.align(i, ours[:at], d); ok {
			rests[d] = r
			list = append(list, d)
			if (r.theirs - r.ours).Abs() <= r.ours/20 {
				like = append(like, d)
			}
		}
	}
	if len(like) > 0 {
		list = like
	}
	d, n := choose(list)
	if n == 0 {
		return
	}
	left := slices.Clone(d.m.tasks[d.task].ops[rests[d].from:])
	for k, skip := 0, rests[d].skip; skip > 0; k++ {
		if left[k].kind == opRun {
			less := min(skip, left[k].d)
			left[k].d -= less
			skip -= less
		}
	}
	var instead []int // what it declares in the record
	for _, o := range ours[at:] {
		for _, s := range o.tasks {
			instead = append(instead, s.task)
		}
	}
	steps := g.steps(d, left, instead)
	ops := append(slices.Clone(ours[:at]), op{kind: opFork, on: at + len(steps) + 2})
	ops = append(ops, steps...)
	ops = append(ops, op{kind: opEnd, on: int(d.own)})
	g.tasks[i].ops = append(ops, ours[at:]...)
	g.told[i] = learned{d.took, n}
}

// rest is what a donor does after what some body has done: the steps from one on, without
// so much of their running.
type rest struct {
	from         int
	skip         time.Duration
	ours, theirs time.Duration // that the two had run up to the last step that both have ended
}

// align finds where in the steps of a donor body i is after some of its own.
func (g *graft) align(i int, ours []op, d donor) (r rest, ok bool) {
	theirs := d.m.tasks[d.task].ops
	seen := func(task int) bool { // that they have declared it before
		return slices.ContainsFunc(theirs[:r.from], func(o op) bool {
			return slices.ContainsFunc(o.tasks, func(s spawned) bool { return d.key(s.task) == g.keys[task] })
		})
	}
	var ran, end time.Duration // since the last of those steps
	running := false
	pass := func() { // one of theirs
		if o := theirs[r.from]; o.kind == opRun {
			r.theirs += o.d
		}
		r.from++
	}
	for _, o := range ours {
		switch o.kind {
		case opRun:
			running, ran, end = true, ran+o.d, o.at+o.d
			continue
		case opSpawn:
			task := o.tasks[0].task
			if seen(task) {
				continue
			}
			for !seen(task) {
				if r.from == len(theirs) || theirs[r.from].waits() {
					return r, false
				}
				pass()
			}
		case opWait, opPause, opWaitGroup:
			for r.from < len(theirs) && !theirs[r.from].waits() {
				pass()
			}
			if r.from == len(theirs) || !g.same(o, theirs[r.from], d) {
				return r, false
			}
			pass()
		default:
			continue
		}
		r.ours += ran
		running, ran = false, 0
	}
	switch {
	case !running:
		return r, true
	case end > add(g.m.over[i], g.m.reaction(i)): // it has done what it was about
		for r.from < len(theirs) && (theirs[r.from].kind == opRun || theirs[r.from].kind == opLag) {
			pass()
		}
		r.ours += ran
		return r, true
	}
	whole := time.Duration(0)
	for k := r.from; k < len(theirs) && !theirs[k].waits(); k++ {
		if theirs[k].kind == opRun {
			whole += theirs[k].d
		}
	}
	r.skip = ran
	return r, whole >= ran
}

func (o *op) waits() bool { return o.kind == opWait || o.kind == opPause || o.kind == opWaitGroup }

// same tells whether two waits are for the same.
func (g *graft) same(ours, theirs op, d donor) bool {
	switch {
	case (ours.kind == opWaitGroup) != (theirs.kind == opWaitGroup):
		return false
	case ours.kind == opWaitGroup:
		return g.group[ours.on] == d.m.groupKeys[theirs.on]
	case ours.on < 0 || theirs.on < 0:
		return ours.on == theirs.on
	}
	return g.keys[ours.on] == d.key(theirs.on)
}
