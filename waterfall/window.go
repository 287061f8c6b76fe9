package waterfall

import "time"

// Window is the stretch of time up to now that a [Report] is about. One of so
// many minutes begins up to a sixth of its length earlier, at the instant that
// [Report.Since] says. The zero value is SinceStart.
type Window uint8

// The windows of a [Stats].
const (
	SinceStart Window = iota // since the first use of the Stats
	Hour
	TenMinutes
	Minute
)

var windowNames = [...]string{"since start", "hour", "10 minutes", "minute"}

// String returns "since start", "hour", "10 minutes" or "minute".
func (w Window) String() string {
	if int(w) < len(windowNames) {
		return windowNames[w]
	}
	return "unknown"
}

// Windows returns all windows, the shortest first.
func Windows() []Window { return []Window{Minute, TenMinutes, Hour, SinceStart} }

// The runs of a name are summed up in stretches of time that grow with their
// age: 13 of five seconds, 11 of a minute, 7 of ten minutes, and all that is
// older. A run is added to the newest stretch alone; one that has become too old
// is merged into the one of the next level that it lies in. So a window is whole
// levels, from the first on, and what came before it is the other ones.
const unit = 5 * time.Second

// level is a ring of stretches of the same length, in units, of which so many
// are within the window that ends with it.
type level struct{ units, keep int64 }

var levels = [...]level{{1, 12}, {12, 10}, {120, 6}}

// levels returns how many levels make up the window; the last of all is the rest.
func (w Window) levels() int {
	if w == SinceStart || w > Minute {
		return len(levels) + 1
	}
	return len(levels) - int(w) + int(Hour)
}

// firstOf is the first unit of so many levels at the unit now.
func firstOf(n int, now int64) int64 {
	if n > len(levels) {
		return 0
	}
	l := levels[n-1]
	return max(0, (now/l.units-l.keep)*l.units)
}
