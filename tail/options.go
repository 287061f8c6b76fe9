package tail

import (
	"fmt"
	"math"
	"time"

	"github.com/asap-go/asap/waterfall"
)

// HedgeOption sets when a [Hedger] makes second calls.
type HedgeOption interface{ hedge(*hedging) }

// Bound limits what a [Learner] may decide.
type Bound interface{ bound(*bounds) }

// bounds are those of a Learner.
type bounds struct {
	share, full float64
	least       time.Duration
}

// hedging is what the options of a Hedger say.
type hedging struct {
	after, least time.Duration
	at           float64 // 0 if it was not given
	share        float64
	critical     *critical // nil: all tasks are called twice
}

const (
	defaultAt    = .95
	defaultShare = .05
	defaultFull  = .95
	defaultLeast = time.Millisecond
)

type hedgeOption func(*hedging)

func (o hedgeOption) hedge(h *hedging) { o(h) }

// After makes the delay of second calls d, in which the first one has run and not waited
// for other tasks. Beside [At] it is the delay of a task until 100 first calls of it are
// known. It panics if d is not positive.
func After(d time.Duration) HedgeOption {
	checkDuration("After", d)
	return hedgeOption(func(h *hedging) { h.after = d })
}

// At makes the delay a quantile of the time that first calls of the task take to succeed,
// such as .95. Before 100 of them are known there are no second calls, or [After] a fixed
// delay. It is the default, with .95, unless there is an After. If the budget does not pay
// for so many, the quantile is the higher one that it pays for: a call that is a little
// slow is to leave it to one that is slower. It panics if q is not between 0 and 1.
func At(q float64) HedgeOption {
	if !(q > 0 && q < 1) {
		panic(fmt.Sprintf("asap: tail.At(%v); pass a quantile between 0 and 1, such as .95", q))
	}
	return hedgeOption(func(h *hedging) { h.at = q })
}

// Share lets second calls be at most the share s of the first ones, of all tasks and
// requests together: .05 without it. At no moment there were more, and after calm times no
// more than 10 beyond that share of the calls since. It panics if s is not between
// 0.0001 and 1.
func Share(s float64) interface {
	HedgeOption
	Bound
} {
	if !(s >= .0001 && s <= 1) {
		panic(fmt.Sprintf("asap: tail.Share(%v); pass a share of the calls from 0.0001 to 1, such as .02", s))
	}
	return share(s)
}

type share float64

func (s share) hedge(h *hedging) { h.share = float64(s) }
func (s share) bound(b *bounds)  { b.share = float64(s) }

// Least lets no delay of a second call, and no learnt Within, be shorter than d: 1 ms
// without it. It panics if d is not positive.
func Least(d time.Duration) interface {
	HedgeOption
	Bound
} {
	checkDuration("Least", d)
	return least(d)
}

type least time.Duration

func (d least) hedge(h *hedging) { h.least = time.Duration(d) }
func (d least) bound(b *bounds)  { b.least = time.Duration(d) }

// Critical lets only those tasks be called twice that stats finds on the critical paths of
// slow runs: with a twentieth of their time in the slowest 5 % of the runs of the last
// minute, or of the shortest longer window that has 100 runs. A task that is called
// twice stays so as long as it would make one run in a hundred as slow as the slowest 5 %
// without that. Until there are 100 runs it is the tasks of these names, as
// [waterfall.TaskReport] has them: product, likes[], checkout/charge. stats is to observe
// the outermost groups; it is asked every two seconds, while a call is under way. It panics
// if stats is nil.
func Critical(stats *waterfall.Stats, names ...string) HedgeOption {
	if stats == nil {
		panic("asap: tail.Critical of nil Stats; give it the Stats that the groups observe")
	}
	c := newCritical(stats, names)
	return hedgeOption(func(h *hedging) { h.critical = c })
}

// Full lets tasks be given up in at most so many runs that the share s has the values of
// all of them: .95 without it. It panics if s is not between 0 and 1.
func Full(s float64) Bound {
	if !(s > 0 && s < 1) {
		panic(fmt.Sprintf("asap: tail.Full(%v); pass a share of the runs between 0 and 1, such as .95", s))
	}
	return full(s)
}

type full float64

func (s full) bound(b *bounds) { b.full = float64(s) }

func checkDuration(call string, d time.Duration) {
	if d < 1 {
		panic(fmt.Sprintf("asap: tail.%s(%v); pass a duration above 0", call, d))
	}
}

// quantile is that of the delay if so much of the first calls may be called twice.
func (h *hedging) quantile(pays float64) float64 {
	if h.at == 0 {
		return 0
	}
	return math.Max(h.at, 1-pays)
}
