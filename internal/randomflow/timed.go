package randomflow

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/asap-go/asap/flow"
)

// Timed is a random flow in which time decides: with signals, sleeps, limits of time,
// undos, Races of functions that take their time, and bodies that do not mind a cancel.
// Its script is what is done to the run from outside, and when. What must come of it is
// computed by a simulation, and holds in virtual time on any engine.
//
// What the rules leave open does not happen, or is left open by name: no two things
// happen at one instant but those that follow from one (a plan in which they do is drawn
// again), and of these the order counts only where the rules have one. See [Timed.Check].
type Timed struct {
	Flow   *flow.Flow[Value, Value]
	In     Value
	Script []Act
	Kind   string // in words

	plan *timedPlan
	want *fates

	mu     sync.Mutex
	undone []string
}

// Act is something that is done to a run from outside: a signal is sent, or, without a
// name, the run is canceled.
type Act struct {
	At     time.Duration // since the start of the run
	Signal string
	Value  Value
	Cause  error // of a cancel
}

// Pace is how time passes in a Timed.
type Pace struct {
	Tick time.Duration
	// Sleeps says that bodies take no time, and that a Sleep comes before each: for engines
	// where only timers are virtual. Then at most one function of a Race succeeds.
	Sleeps bool
	// Early says that all signals come at the start, or never and late, and that nobody
	// cancels: for engines without a handle.
	Early bool
}

// NewTimed returns the flow of a seed. It is for one run, as it keeps what is undone.
func NewTimed(seed uint64, pace Pace) *Timed {
	for salt := uint64(0); ; salt++ {
		p := drawTimed(seed, salt, pace)
		want := p.simulate(p.acts)
		if want.tie {
			continue
		}
		c := &Timed{In: In(seed), plan: p, want: want, Kind: want.kind(p)}
		c.Flow = c.flow()
		for _, a := range p.acts {
			c.Script = append(c.Script, Act{p.time(a.at), a.signal, a.value, a.cause})
		}
		return c
	}
}

// End is when the run must end.
func (c *Timed) End() time.Duration { return c.plan.time(c.want.end) }

func (p *timedPlan) time(ticks int) time.Duration { return time.Duration(ticks) * p.pace.Tick }

var errCancel = errors.New("customer has left")

func (c *Timed) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.undone = append(c.undone, fmt.Sprintf(format, args...))
}

// Undone returns what undos have been called, in order.
func (c *Timed) Undone() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.undone...)
}
