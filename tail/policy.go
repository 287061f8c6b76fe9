package tail

import (
	"cmp"
	"slices"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
	"github.com/asap-go/asap/waterfall"
)

// Learner decides from the record which tasks of a group are called twice, and which are
// given up when. It is an option of groups, of any number of them; a nested group does not
// inherit it. All methods may be called at the same time.
type Learner struct {
	hedger *Hedger
	giver  *giver
	dry    bool
}

// Policy returns a Learner that does what it decides. stats is to observe the outermost
// groups that it is given to:
//
//	var policy = tail.Policy(stats, tail.Share(.02), tail.Full(.95))
//	…
//	g := asap.New(ctx, asap.Name("home"), asap.Observe(stats), policy)
//
// Of tasks that make slow runs slow, as [Critical] says,
//
//   - those marked [Safe] are called a second time, as by a [Hedger] with the [Share], and
//     the delay of 95 % of their calls, or what the share pays for, and at least [Least];
//     those with a Hedger of their own are left to it;
//   - an Optional and one that [asap.MayFail], without a [asap.Within] of its own, is given up
//     as by Within, so early that [Full] holds, and not before half of the runs have ended
//     anyway. Without such tasks, or as long as it is not known how long they take, none is.
//     Of a MapOptional it is the elements that are; its slice is waited for.
//
// Nothing is decided before 100 runs are known, and everything again every two seconds.
// See [Learner.Decisions], and [Advise], which only looks. In a group whose bodies run on
// an engine elsewhere it panics: a definition does not depend on what was learnt before.
// It panics if stats is nil.
func Policy(stats *waterfall.Stats, bounds ...Bound) *Learner {
	return newLearner("Policy", stats, false, bounds)
}

// Advise returns a Learner that decides as one of [Policy] does and changes nothing: what
// would be done is in its Decisions.
func Advise(stats *waterfall.Stats, bounds ...Bound) *Learner {
	return newLearner("Advise", stats, true, bounds)
}

func newLearner(call string, stats *waterfall.Stats, dry bool, list []Bound) *Learner {
	if stats == nil {
		panic("asap: tail." + call + " of nil Stats; give it the Stats that the groups observe")
	}
	b := bounds{share: defaultShare, full: defaultFull, least: defaultLeast}
	for _, o := range list {
		if o == nil {
			panic("asap: tail." + call + " with a nil Bound; leave it out")
		}
		o.bound(&b)
	}
	h := &Hedger{dry: dry}
	h.share, h.least, h.critical = b.share, b.least, newCritical(stats, nil)
	return &Learner{
		hedger: h.init(), dry: dry,
		giver: &giver{critical: newCritical(stats, nil), full: b.full, least: b.least, dry: dry},
	}
}

// Apply is for package asap.
func (l *Learner) Apply(c *engine.Config) { c.Adjust = l.adjust }

var _ asap.Option = (*Learner)(nil)

// adjust is called for each task that is declared with options, and each Optional.
func (l *Learner) adjust(n *engine.Node, c *engine.TaskConfig) {
	kind := engine.KindOf(n)
	if c.LeftOut || c.Arrival != nil || kind&engine.Inline != 0 && kind&engine.Mapped == 0 {
		return
	}
	gives := (kind&engine.Optional != 0 || c.MayFail && kind&engine.Mapped == 0 || c.Tolerant) && c.Within == 0
	hedges := c.Safe && !c.Hedged
	if !gives && !hedges {
		return
	}
	p := engine.PlaceOfNode(n)
	if hedges {
		c.Around = append(c.Around, l.hedger.around)
	}
	if gives {
		if kind&engine.Mapped != 0 {
			p.Task += "[]"
		}
		l.giver.adjust(&p, c)
	}
}

// Safe marks a task, or the body of a Map, as one that may be called twice at the same
// time: what a [Policy] may do then. Without such a mark it never does.
func Safe() asap.TaskOption { return safe{} }

type safe struct{}

func (safe) ApplyTask(c *engine.TaskConfig)  { c.Safe = true }
func (s safe) ApplyMap(c *engine.TaskConfig) { s.ApplyTask(c) }

// Decisions returns what l does with each task that it has seen, or would do if it is of
// [Advise], in the order of groups and tasks.
func (l *Learner) Decisions() []Decision {
	out := l.hedger.Decisions()
	for _, r := range l.giver.records.records() {
		d := r.decision()
		d.Within = l.giver.withinOf(r)
		d.Why = l.giver.whyOf(r)
		at, found := slices.BinarySearchFunc(out, d, func(a, b Decision) int {
			return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Task, b.Task))
		})
		if found {
			o := &out[at]
			o.Within, o.GivenUp = d.Within, d.GivenUp
			o.Why = "second call: " + o.Why + "; giving up: " + d.Why
			continue
		}
		out = slices.Insert(out, at, d)
	}
	return out
}
