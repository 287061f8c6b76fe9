package waterfall

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// limited is a limit that a change can be of.
type limited struct {
	name   string
	slots  int
	of     func(n int) Change
	waited time.Duration // on the critical path
}

// maxLimits is how many limits a ranking tries.
const maxLimits = 8

// limitsOf are the limits of the run, the one that it waited for longest first. Of alike
// ones that each have their own, as the Maps of elements' groups, one change is of all.
func (m *model) limitsOf(times []limitTime) []*limited {
	waited := make(map[Slot]time.Duration)
	for _, l := range times {
		waited[l.Slot] = l.time
	}
	var out []*limited
	byName := make(map[string]*limited)
	put := func(name string, slot Slot, of func(int) Change) {
		if slot.Limit <= 0 {
			return
		}
		l := byName[name]
		if l == nil {
			l = &limited{name: name, slots: slot.Limit, of: of}
			byName[name] = l
			out = append(out, l)
		}
		l.waited = add(l.waited, waited[slot])
	}
	named := func(name string) func(int) Change { return func(n int) Change { return LimitOf(name, n) } }
	owners := make(map[string]int) // how many tasks of a family have groups
	for i := range m.run.Tasks {
		if len(m.nested[i]) > 0 {
			owners[m.familyPath(i)]++
		}
	}
	for g := range m.run.Groups {
		group := &m.run.Groups[g]
		slot := Slot{Limit: group.Limit, Of: group.ID}
		name := group.Name
		if owner, ok := m.task[group.Parent]; ok && name == "" && group.Limit > 0 {
			name = m.nameInside(owner, owners)
		}
		switch {
		case g == 0:
			put("limit", slot, Limit)
		case name != "":
			put(name, slot, named(name))
		}
	}
	for i := range m.run.Tasks {
		if t := &m.run.Tasks[i]; t.Limit > 0 {
			name := t.Name
			if place := m.groupName(i); place != "" {
				name = place + "/" + name
			}
			put(name, Slot{Limit: t.Limit, Of: t.ID}, named(name))
		}
	}
	for k, s := range m.run.Shared {
		put(sharedName(k), Slot{Limit: s.Limit, Shared: k + 1}, named(sharedName(k)))
	}
	slices.SortStableFunc(out, func(a, b *limited) int { return cmp.Compare(b.waited, a.waited) })
	return out[:min(len(out), maxLimits)]
}

// nameInside is what the limit of a group without a name is called: as the task in whose
// body the group is, or as the family of that if others of it have groups, too.
func (m *model) nameInside(owner int, owners map[string]int) string {
	name, place := m.run.Tasks[owner].Name, m.groupName(owner)
	switch {
	case owners[m.familyPath(owner)] > 1:
		return m.familyPath(owner)
	case place != "" && name != "":
		return place + "/" + name
	}
	return name
}

// sharedName is how a shared limit of a run is called, from 0 on: it has no name.
func sharedName(k int) string {
	if k == 0 {
		return "shared"
	}
	return fmt.Sprintf("shared#%d", k+1)
}

// limit tries half as many slots more, and none.
func (k *ranker) limit(l *limited) (Gain, bool) {
	more := l.slots + (l.slots+1)/2
	g := Gain{Change: l.of(more), Name: l.name, Slots: l.slots, Saves: k.saves(l.of(more)), Most: k.saves(l.of(0))}
	switch {
	case g.Saves <= 0 && g.Most <= 0:
		return g, false
	case g.Most < g.Saves: // more may be worse
		g.Most, g.UpTo = g.Saves, g.Change
	default:
		g.UpTo = k.enough(l, more, g.Most)
	}
	if g.Saves <= 0 { // half as many more do not help yet
		g.Change, g.Saves = g.UpTo, g.Most
	}
	return g, true
}

// enough is the least limit that saves as much as none, found by halving, as if more
// were never worse.
func (k *ranker) enough(l *limited, more int, most time.Duration) Change {
	lo, hi := l.slots, max(more, len(k.tasks))
	if len(k.tasks) > rankedWork/50 || k.saves(l.of(hi)) < most { // that takes some twenty simulations
		return l.of(0)
	}
	for lo+1 < hi {
		mid := lo + min((hi-lo)/2, max(1, lo)) // the kink is near more often than far
		if k.saves(l.of(mid)) >= most {
			hi = mid
		} else {
			lo = mid
		}
	}
	return l.of(hi)
}
