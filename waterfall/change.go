package waterfall

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Change is one difference between a run and the run that is asked for.
type Change struct {
	task  string
	share float64
	limit int
	at    time.Duration
	kind  changeKind
	fixed bool // of a hedge: at is the delay, and share no quantile
}

type changeKind uint8

const (
	changeSpeed changeKind = iota + 1
	changeDrop
	changeLimit
	changeLimitOf
	changeWithin
	changeHedge
	changeCorrelation
	changeBudget
)

// Speed takes a share off the time that a task's body runs: 0.5 makes it twice
// as fast, 1 takes all of it, −1 makes it twice as slow. The task is found by
// its name, or its path (checkout/charge); likes[] is every element of the Map
// likes. A name that is in several groups means the task in each of them.
func Speed(task string, share float64) Change {
	return Change{kind: changeSpeed, task: task, share: share}
}

// Drop leaves a task out, with what is inside it: nobody waits for it.
func Drop(task string) Change { return Change{kind: changeDrop, task: task} }

// Limit changes how many bodies run at once in the outermost group; 0 takes
// the limit away.
func Limit(n int) Change { return Change{kind: changeLimit, limit: n} }

// LimitOf changes how many bodies run at once of a Map or of nested groups of that
// name, or of those that the body of a task of that name makes; 0 takes the limit away. A
// Map that has no limit of its own and a shared one has that changed, for all who have it. The shared limits of a run are also called shared,
// shared#2 and so on, in the order of Run.Shared.
func LimitOf(name string, n int) Change {
	return Change{kind: changeLimitOf, task: name, limit: n}
}

// Within gives tasks a Within of that time, after the start of their group: of a task
// that may fail, the others go on without it from then on.
func Within(task string, at time.Duration) Change {
	return Change{kind: changeWithin, task: task, at: at}
}

// Hedge gives tasks a second call of the same body when the first has run for longer than
// that quantile of all of them did, .95 say: the first of the two that succeeds counts,
// and the other is canceled. It is a change of many runs: see [Sample.WhatIf].
func Hedge(task string, quantile float64) Change {
	return Change{kind: changeHedge, task: task, share: quantile}
}

// HedgeAfter is [Hedge] after a time instead of a quantile.
func HedgeAfter(task string, d time.Duration) Change {
	return Change{kind: changeHedge, task: task, at: d, fixed: true}
}

// Correlation is no change but what a [Sample.WhatIf] is to assume of hedges: the
// correlation between how slow a call is and how slow its second call is, from 0, when
// slowness is luck, to 1, when it is the request's own. It is that of the ranks' normal
// scores.
func Correlation(of float64) Change { return Change{kind: changeCorrelation, share: of} }

// Budget is no change but what a [Sample.WhatIf] is to assume of hedges, all together:
// that second calls are at most that share of the first calls of what is hedged, as with
// tail.Share. As a Hedger does, a [Hedge] then takes the quantile for which that pays, and
// what is still too much finds nothing left to spend.
func Budget(share float64) Change { return Change{kind: changeBudget, share: share} }

// String is the change as [ParseChange] reads it.
func (c Change) String() string {
	switch c.kind {
	case changeSpeed:
		return fmt.Sprintf("%s=%+.6g%%", c.task, -100*c.share)
	case changeDrop:
		return c.task + "=0"
	case changeLimit:
		return fmt.Sprintf("limit=%d", c.limit)
	case changeLimitOf:
		return fmt.Sprintf("limit:%s=%d", c.task, c.limit)
	case changeWithin:
		return fmt.Sprintf("within:%s=%s", c.task, c.at)
	case changeHedge:
		if c.fixed {
			return fmt.Sprintf("hedge:%s=%s", c.task, c.at)
		}
		return fmt.Sprintf("hedge:%s=p%.6g", c.task, 100*c.share)
	case changeCorrelation:
		return fmt.Sprintf("correlation=%.6g", c.share)
	case changeBudget:
		return fmt.Sprintf("budget=%.6g", c.share)
	}
	return "no change"
}

// isShare tells whether a value is the share that a Speed is written with.
func isShare(value string) bool {
	return strings.HasSuffix(value, "%") && (value[0] == '+' || value[0] == '-')
}

// ParseChange reads a change as [Change.String] writes it:
//
//	user=-50%            Speed("user", .5)
//	ads=0                Drop("ads")
//	limit=4              Limit(4)
//	limit:likes=4        LimitOf("likes", 4)
//	within:ads=60ms      Within("ads", 60*time.Millisecond)
//	hedge:ads=p95        Hedge("ads", .95)
//	hedge:ads=80ms       HedgeAfter("ads", 80*time.Millisecond)
//	correlation=.5       Correlation(.5)
//	budget=.02           Budget(.02)
//
// The name ends at the last equals sign.
func ParseChange(text string) (Change, error) {
	at := strings.LastIndexByte(text, '=')
	if at <= 0 {
		return Change{}, fmt.Errorf("%q is no change; one looks like user=-50%%, within:ads=60ms or hedge:ads=p95", called(text))
	}
	name, value := text[:at], text[at+1:]
	fail := func(want string) (Change, error) {
		return Change{}, fmt.Errorf("%s: want %s", called(text), want)
	}
	kind, of, ok := strings.Cut(name, ":")
	if !ok || of == "" {
		kind, of = "", name
	}
	switch {
	case name == "correlation":
		r, err := strconv.ParseFloat(value, 64)
		if err != nil || !(r >= 0 && r <= 1) {
			return fail("a correlation from 0 to 1")
		}
		return Correlation(r), nil
	case name == "budget" && value != "0" && !strings.HasSuffix(value, "%"):
		b, err := strconv.ParseFloat(value, 64)
		if err != nil || !(b > 0 && b <= 1) {
			return fail("a share of the calls above 0 and at most 1, such as .02")
		}
		return Budget(b), nil
	case (name == "limit" || kind == "limit") && !isShare(value): // else a task is called so
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return fail("the limit as a number, and 0 means none")
		}
		if kind == "" {
			return Limit(n), nil
		}
		return LimitOf(of, n), nil
	case kind == "within":
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return fail("a time like 60ms")
		}
		return Within(of, d), nil
	case kind == "hedge":
		if p, ok := strings.CutPrefix(value, "p"); ok {
			q, err := strconv.ParseFloat(p, 64)
			if err != nil || !(q > 0 && q < 100) {
				return fail("a percentile like p95, or a time like 80ms")
			}
			return Hedge(of, q/100), nil
		}
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 {
			return fail("a percentile like p95, or a time like 80ms")
		}
		return HedgeAfter(of, d), nil
	case value == "0":
		return Drop(name), nil
	}
	p, ok := strings.CutSuffix(value, "%")
	f, err := strconv.ParseFloat(p, 64)
	if !ok || err != nil || !(f >= -100 && f <= 1e6) {
		return fail("a percentage like -50%, or 0 to leave the task out")
	}
	return Speed(name, -f/100), nil
}
