package asapweb

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/asap-go/asap/waterfall"
)

// failureKind is a way in which runs come to nothing.
type failureKind uint8

const (
	failed failureKind = iota // a task of them failed
	late                      // their deadline passed
)

func (k failureKind) of(r *waterfall.Report) int {
	if k == late {
		return r.Late
	}
	return r.Failures()
}

func (k failureKind) at(p *waterfall.Point) int {
	if k == late {
		return p.Late
	}
	return p.Failures
}

func (k failureKind) verb() string {
	if k == late {
		return "ran out of time"
	}
	return "failed"
}

// moreFail is the problem that more runs fail than did.
func (y *history) moreFail(k failureKind) (p problem, ok bool) {
	y.pairs(y.newest, func(now *waterfall.Report, b *baseline) bool {
		if !moreThan(k.of(&b.Report), b.Runs, k.of(now), now.Runs) {
			return false
		}
		p = newProblem(red, y.name)
		if ok = y.dated(&p, k.at, float64(k.of(&b.Report))/float64(b.Runs), float64(k.of(now))/float64(now.Runs)) && y.isSpread(&p, k.at, now.Runs); ok {
			b = y.clean(b, p.Since)
			y.failing(&p, k, y.compare(now, b), b)
		}
		return ok
	})
	return p, ok
}

// failing says in a problem how many runs fail, of which b tells how many did before, if
// it is not nil.
func (y *history) failing(p *problem, k failureKind, c *waterfall.Comparison, b *baseline) {
	p.Text = fmt.Sprintf("%d of %s %s", k.of(&c.After), runs(c.After.Runs), k.verb())
	if b != nil {
		p.Text += b.before("%d of %d", k.of(&c.Before), c.Before.Runs)
	}
	if k == late {
		if task, _ := explain(c, slowness{percentile: "p50", now: 1}); task != "" {
			p.Text, p.Task = p.Text+", waiting for", task
		} else if len(c.After.Tasks) > 0 {
			p.Text, p.Task = p.Text+", waiting for", cut(c.After.Tasks[0].Name, 60)
		}
		return
	}
	if t, ok := c.Failing(); ok {
		p.Text, p.Task, p.Rest = p.Text+":", cut(t.Name, 60), " "+said(t, 120)
	}
}

// Of the runs of an hour that fail at a rate, these are problems whatever was before: half
// of them, and a fifth as long as there is nothing before that hour. What fails less than
// that, and always did, is said without being one.
const (
	failsHalf   = 0.5
	failsOften  = 0.2
	failsSome   = 0.05
	leastFailed = 5
)

// failsAnyway tells of runs that fail, and did before as far as that is known.
func (y *history) failsAnyway(s *state) {
	now := &y.newest[len(y.newest)-1]
	k := failed
	if now.Late > now.Failures() {
		k = late
	}
	n, all, in := k.of(now), now.Runs, now.Window
	past := &y.baselines[len(ownBaselines)-1]
	was := float64(k.of(&past.Report)) / float64(max(1, past.Runs))
	if n > 0 && n == all && n < leastFailed { // a name that is seldom called
		n, all, in = n+k.of(&past.Report), all+past.Runs, waterfall.SinceStart
	}
	share := float64(n) / float64(max(1, all))
	p := newProblem(red, y.name)
	switch {
	case n < leastFailed || share < failsSome || !y.dated(&p, k.at, 0, share):
	case share >= failsHalf || share >= failsOften && !y.long:
		y.failing(&p, k, &waterfall.Comparison{After: y.h.stats.Report(y.name, in)}, nil)
		s.problems = append(s.problems, p)
	case past.Runs >= leastBefore && share > 2*was: // by luck, or too few to know
		s.notes = append(s.notes, fmt.Sprintf("%s: %d of %s %s, before %d of %d", p.Group, n, runs(all), k.verb(), k.of(&past.Report), past.Runs))
	case y.long:
		s.notes = append(s.notes, fmt.Sprintf("%s: %s of runs %s, as before", p.Group, percent(share), k.verb()))
	default:
		s.notes = append(s.notes, fmt.Sprintf("%s: %s of runs %s since the start", p.Group, percent(share), k.verb()))
	}
}

// always is of how many runs a task is said to fail in all.
const always = 30

// tolerates is the problem that a task fails more than it did, or always, and others go
// on without it.
func (y *history) tolerates() (p problem, ok bool) {
	y.pairs(y.newest, func(now *waterfall.Report, b *baseline) bool {
		if now.Runs < leastNow {
			return false
		}
		worst, rise := -1, 0.0
		before := make(map[string]int)
		for i := range b.Tasks {
			before[b.Tasks[i].Name] = b.Tasks[i].Tolerated
		}
		for i := range now.Tasks {
			t := &now.Tasks[i]
			was, is := float64(before[t.Name])/float64(b.Runs), float64(t.Tolerated)/float64(now.Runs)
			if is < was+0.05 || is < 2*was || t.Tolerated < leastFailed {
				continue
			}
			all := float64(before[t.Name]+t.Tolerated) / float64(b.Runs+now.Runs)
			luck := math.Sqrt(all * (1 + all) * (1/float64(b.Runs) + 1/float64(now.Runs))) // elements of a Map fail together
			if is > was+4*luck && is-was > rise {
				worst, rise = i, is-was
			}
		}
		if worst < 0 {
			return false
		}
		t := &now.Tasks[worst]
		p = y.tolerated(now, t)
		ok = y.dated(&p, func(p *waterfall.Point) int { return p.Tolerated }, float64(toleratedIn(&b.Report))/float64(b.Runs), float64(toleratedIn(now))/float64(now.Runs))
		if ok {
			b = y.clean(b, p.Since)
			was := 0
			if i := slices.IndexFunc(b.Tasks, func(o waterfall.TaskReport) bool { return o.Name == t.Name }); i >= 0 {
				was = b.Tasks[i].Tolerated
			}
			p.Text += b.before("%d in %d", was, b.Runs) + ":"
		}
		return ok
	})
	if ok {
		return p, true
	}
	for i := range y.newest {
		now := &y.newest[i]
		for k := range now.Tasks {
			t := &now.Tasks[k]
			if t.Tolerated < max(t.Runs, always) || strings.HasSuffix(t.Name, "[]") {
				continue
			}
			p = y.tolerated(now, t)
			p.Text += ":"
			if y.dated(&p, func(p *waterfall.Point) int { return p.Tolerated }, 0, float64(t.Tolerated)/float64(now.Runs)) {
				return p, true
			}
		}
		if now.Runs >= leastNow {
			break
		}
	}
	return problem{}, false
}

func (y *history) tolerated(now *waterfall.Report, t *waterfall.TaskReport) problem {
	p := newProblem(degraded, y.name)
	p.Text = fmt.Sprintf("%s in %s tolerated", count(t.Tolerated, "failure"), runs(now.Runs))
	p.Task = cut(t.Name, 60)
	whole := y.h.stats.Report(y.name, now.Window)
	for i := range whole.Tasks {
		if o := &whole.Tasks[i]; o.Name == t.Name && o.Err != "" {
			p.Rest = " " + said(*o, 120)
		}
	}
	return p
}

func toleratedIn(r *waterfall.Report) int {
	n := 0
	for i := range r.Tasks {
		n += r.Tasks[i].Tolerated
	}
	return n
}

// moreThan tells whether b of n are more than a of m by more than luck: so many or more
// would come one time in ten thousand, by Poisson's distribution.
func moreThan(a, m, b, n int) bool {
	if b < 2 || float64(b)*float64(m) <= 1.5*float64(a)*float64(n) {
		return false
	}
	usual := float64(n) * float64(a+1) / float64(m+1)
	// The sum of usual^k·exp(−usual)/k! from b on; it falls faster than geometrically.
	log, _ := math.Lgamma(float64(b + 1))
	term := math.Exp(float64(b)*math.Log(usual) - usual - log)
	sum := 0.0
	for k := b; k < b+1000 && term > 1e-12; k++ {
		sum += term
		term *= usual / float64(k+1)
	}
	return float64(b) > usual && sum < 1e-4
}

// failsMore tells whether more runs fail than did.
func failsMore(c *waterfall.Comparison) bool {
	return moreThan(c.Before.Failures(), c.Before.Runs, c.After.Failures(), c.After.Runs)
}
