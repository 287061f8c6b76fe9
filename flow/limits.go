package flow

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap/internal/engine"
	"github.com/asap-go/asap/internal/texts"
)

// limits are the instants at which the Withins of a group's tasks end, by the clock
// of its executor, which says when one is there: within Step, so on the goroutine
// that is inside the group's methods, as all of this is. A Timeout begins with a
// body, which only the place knows where that runs: see Call.run.
type limits struct {
	clock Clock
	host  engine.Host
	began time.Time // the group
	all   map[time.Duration]*limit
	ended []*limit // not handled yet
}

// limit is one instant, of all tasks with the same Within.
type limit struct {
	at    time.Time
	err   error // out of time
	ended bool
	nodes []*engine.Node
}

// makeLimits returns the group's. That the executor has a clock was seen before.
func (r *remote) makeLimits() *limits {
	if r.limits == nil {
		r.limits = &limits{clock: r.exec.(Clock), host: r.g.Host(), began: r.began, all: make(map[time.Duration]*limit)}
	}
	return r.limits
}

// of returns the limit that ends that long after the group's start.
func (s *limits) of(within time.Duration) *limit {
	l := s.all[within]
	if l == nil {
		l = &limit{at: s.began.Add(within), err: s.host.OutOfTime("within", within)}
		s.all[within] = l
		s.clock.After(max(l.at.Sub(s.clock.Now()), 0), func() { s.end(l) })
	} else if l.ended {
		s.ended = append(s.ended, l) // there will be one more task
	}
	return l
}

func (s *limits) end(l *limit) {
	l.ended = true
	s.ended = append(s.ended, l)
}

// haveEnded reports whether there is something for expire to do.
func (s *limits) haveEnded() bool { return s != nil && len(s.ended) > 0 }

// isOver reports whether no body of l begins any more: also at its very instant,
// whether the executor has said so yet or not.
func (s *limits) isOver(l *limit) bool { return l.ended || !s.clock.Now().Before(l.at) }

// apply gives a call that starts now what it has to know of its limit.
func (s *limits) apply(c *Call, l *limit) {
	if l != nil {
		c.Deadline, c.within, c.left = l.at, l.err, l.at.Sub(s.clock.Now())
	}
}

// expire does what follows from the instants that are there: what has not begun
// fails, in order of declaration, and what is in flight is canceled if the executor
// can. A call that was reported meanwhile has ended by itself.
func (r *remote) expire() {
	if !r.limits.haveEnded() {
		return
	}
	var nodes []*engine.Node
	for _, l := range r.limits.ended {
		nodes = append(nodes, l.nodes...)
		l.nodes = nil
	}
	r.limits.ended = nil
	slices.SortFunc(nodes, func(a, b *engine.Node) int { return cmp.Compare(callOf(a).seq, callOf(b).seq) })
	canceler, _ := r.exec.(Canceler)
	for _, n := range nodes {
		c := callOf(n)
		switch {
		case engine.IsDone(n) || c.reported:
		case !c.started:
			r.g.ExpireElsewhere(n, c.limit.err)
		case c.arrives:
			r.report(n, c, c.limit.err)
		case c.call != nil:
			c.overdue = true
			if canceler != nil {
				r.cancelCall(canceler, c.call, c.limit.err)
			}
		}
	}
}

func (r *remote) cancelCall(exec Canceler, call *Call, cause error) {
	r.busy.Store(true)
	defer r.busy.Store(false)
	exec.CancelCall(call, cause)
}

// judge makes of the error of a call that has ended after the limit what it is where
// the body ran for an executor that knows nothing of limits.
func (s *limits) judge(err error, call *Call, l *limit) error {
	switch {
	case err == nil || hasDeath(err) || err == l.err || says(err, l.err) || call.Timeout > 0 && says(err, call.outOfTime("timeout", call.Timeout)):
		return err
	case err == context.Canceled: // and nothing of a body
		return l.err
	}
	return s.host.Late(l.err, err)
}

// says reports whether err says that a limit has ended, also one that has crossed
// from another process.
func says(err, limit error) bool {
	return errors.Is(err, context.DeadlineExceeded) && strings.HasPrefix(texts.Of(err), texts.Of(limit))
}
