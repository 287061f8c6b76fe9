package waterfall

import (
	"slices"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/record"
)

// cutter puts pieces together, one after the other, at the end of a list that has
// those of other tasks as well.
type cutter struct {
	pieces []Piece
	first  int // of this task
	at     time.Duration
}

// to ends a piece at instant t; a clock that went back makes no piece.
func (c *cutter) to(t time.Duration, p Piece) {
	t = max(t, c.at)
	p.Start, p.End = c.at, t
	if p.State == Queued && p.Start == p.End {
		return
	}
	c.pieces = append(c.pieces, p)
	c.at = t
}

// waited ends a wait at instant t: blocked until what it waited for has ended, or its
// deadline has passed, and queued from there.
func (c *cutter) waited(s *snapshot, t time.Duration, on uint32, due time.Duration) {
	end := t
	if v := s.of(on); v != nil && v.has(record.SeenEnded) {
		end = min(t, max(v.end, c.at))
	}
	if due > 0 {
		end = min(end, max(due, c.at))
	}
	c.to(end, Piece{State: Blocked, On: s.id(on), Deadline: due})
	c.to(t, Piece{State: Queued})
}

// pieces cuts the time from a task's declaration to its end.
func (s *snapshot) pieces(v *seen) []Piece {
	c := &cutter{pieces: s.cut, first: len(s.cut), at: v.from}
	started := v.has(record.SeenStarted)
	switch {
	case started && v.part == nil:
		s.untilStart(c, v)
		s.body(c, v)
	case v.part != nil:
		s.untilStart(c, v)
		s.container(c, v)
	default:
		s.neverStarted(c, v)
	}
	if len(c.pieces) == c.first {
		c.pieces = append(c.pieces, Piece{State: Queued, Start: v.from, End: v.from})
	}
	s.cut = c.pieces
	return slices.Clip(c.pieces[c.first:])
}

// untilStart covers the wait for declared dependencies and the queue.
func (s *snapshot) untilStart(c *cutter, v *seen) {
	deps := s.rawDeps(v)
	if len(deps) > 0 {
		ready, on := s.lastEnd(v, deps), s.lastOf(deps)
		if w := s.of(v.r.On); v.has(record.SeenReady) && w != nil {
			ready, on = max(w.end, v.r.ReadyLater()), w.n
		}
		c.waited(s, ready, on, 0)
	}
	if v.has(record.SeenStarted) {
		c.to(v.r.Started, Piece{State: Queued})
	}
}

// body covers the time from the start of the body to its end.
func (s *snapshot) body(c *cutter, v *seen) {
	open := v.steps%2 == 1 // the last wait goes on
	i := 0
	for w := range v.r.Waits(v.steps) {
		if w.At > v.end { // of a goroutine that the body has left behind
			break
		}
		if w.Due >= 0 { // else it has passed during the one before
			c.to(w.At, Piece{State: Running})
		}
		until := min(w.Until, v.end)
		if i += 2; i > v.steps {
			until = v.end
		}
		c.waited(s, until, w.On, max(0, w.Due))
	}
	if !open || i < v.steps {
		c.to(v.end, Piece{State: Running})
	}
}

// container covers a Map or a Race: it has no body, and waits for its parts; a
// Race for the one that wins. Of one that was told by events it is known to be a Race
// only if it has no dependencies.
func (s *snapshot) container(c *cutter, v *seen) {
	last := v.part
	for k := range v.parts() {
		switch {
		case k.end > v.end:
		case last.end > v.end, k.end > last.end:
			last = k
		}
	}
	if v.has(record.Race) {
		for k := range v.parts() {
			if k.won() && (!last.won() || k.end < last.end) {
				last = k
			}
		}
	}
	c.waited(s, v.end, last.n, 0)
}

func (s *seen) won() bool {
	return s.has(record.SeenEnded) && good(asap.Outcome(s.r.Outcome))
}

// neverStarted covers Gather and Input, a task that was skipped, and in the
// middle of a run one that has not started yet.
func (s *snapshot) neverStarted(c *cutter, v *seen) {
	deps := s.rawDeps(v)
	switch {
	case v.has(record.SeenReady):
		s.untilStart(c, v)
	case len(deps) > 0:
		c.waited(s, min(s.lastEnd(v, deps), v.end), s.lastOf(deps), 0)
	}
	c.to(v.end, Piece{State: Queued})
}

// lastEnd is the end of the last dependency, or that of v if one has not ended.
func (s *snapshot) lastEnd(v *seen, deps []uint32) time.Duration {
	last := v.from
	for _, d := range deps {
		w := s.of(d)
		if w == nil {
			continue
		}
		if !w.has(record.SeenEnded) {
			return v.end
		}
		last = max(last, w.end)
	}
	return last
}

// lastOf is the dependency that ended last, or the first one that has not.
func (s *snapshot) lastOf(deps []uint32) uint32 {
	var last *seen
	for _, d := range deps {
		w := s.of(d)
		if w == nil {
			continue
		}
		if !w.has(record.SeenEnded) {
			return d
		}
		if last == nil || w.end > last.end {
			last = w
		}
	}
	if last == nil {
		return 0
	}
	return last.n
}
