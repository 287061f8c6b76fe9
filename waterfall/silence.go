package waterfall

import "time"

// pauses tell how regularly runs of a name end.
type pauses struct {
	began  time.Time // of the stretch of time without a silence up to last
	last   time.Time // when a run ended
	turned time.Time
	// The longest pauses since turned, and in the half hour before: what was longer
	// ago may have been another time of day.
	longest, before time.Duration
}

const (
	silentTimes = 5           // as long as the longest pause
	silentFor   = time.Minute // and at least so long
	steadyFor   = 20 * time.Minute
	pausesTurn  = 30 * time.Minute
)

func (p *pauses) usual() time.Duration { return max(p.longest, p.before) }

func (p *pauses) silent(d time.Duration) bool {
	return p.usual() > 0 && d >= max(silentFor, silentTimes*p.usual())
}

// add adds the end of a run.
func (p *pauses) add(at time.Time) {
	d := at.Sub(p.last)
	switch {
	case p.last.IsZero() || p.silent(d):
		*p = pauses{began: at, last: at, turned: at}
		return
	case d < 0: // two that ended at once
		return
	case at.Sub(p.turned) >= pausesTurn:
		p.before, p.longest, p.turned = p.longest, 0, at
	}
	p.longest, p.last = max(p.longest, d), at
}

// Silence tells of a name whose runs have ended one after the other for twenty minutes
// or longer, and now none has since an instant: for a minute, for five times the longest
// pause before it, and not for longer than they did. Groups that run may be stuck; if
// none does, nobody asks. Usual is that pause.
func (s *Stats) Silence(name string) (since time.Time, usual time.Duration, ok bool) {
	s.lock()
	defer s.unlock()
	f := s.names[name]
	if f == nil {
		return time.Time{}, 0, false
	}
	p := &f.pauses
	now := time.Now()
	d, steady := now.Sub(p.last), p.last.Sub(p.began)
	if steady < steadyFor || d > steady || !p.silent(d) {
		return time.Time{}, 0, false
	}
	return now.Add(-d).Round(0), p.usual(), true
}
