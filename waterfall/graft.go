package waterfall

import (
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// graft puts into the model of one run what others tell: how a body that was cut short
// goes on, what one does that never began, with the tasks and the groups that are declared
// then. Until a body comes to where its record ends it does what it did, so the run as it
// was stays the same.
type graft struct {
	m      *model // of this run; from run on those below take its place
	of     *knowledge
	run    Run // without the caller
	tasks  []modelTask
	over   []time.Duration
	from   []donor // of a new task, where it was found; of others, of no model
	keys   []string
	task   map[string]int // by key
	groups map[string]int
	group  []string // the keys
	next   asap.ID
	usual  hearing // of bodies of which nothing tells
	told   map[int]learned
}

// modelWith is the model of the run, with what those of a sample tell, if it is not nil.
func (r *Run) modelWith(known *Sample) *model {
	m := r.model()
	if known == nil {
		return m
	}
	o := known.knowledge(r)
	if len(o.runs) == 0 {
		return m
	}
	n, groups := len(r.Tasks), len(r.Groups)
	g := &graft{
		m: m, of: o, run: *m.run, tasks: slices.Clone(m.tasks[:n]), over: slices.Clone(m.over[:n]),
		from: make([]donor, n), task: make(map[string]int, n), groups: make(map[string]int, groups), told: make(map[int]learned),
	}
	g.run.Tasks, g.run.Groups = slices.Clone(m.run.Tasks[:n]), slices.Clone(m.run.Groups[:groups])
	g.keys, g.group = m.keys()
	g.group = g.group[:groups]
	for i, k := range g.keys {
		g.task[k] = i
	}
	for i, k := range g.group {
		g.groups[k] = i
	}
	g.next = m.run.Tasks[n].ID + 1
	g.usual = m.hearing()
	g.usual.join(o.hearingOfAll())
	for i := 0; i < len(g.tasks); i++ { // it grows
		if i < n {
			g.complete(i)
		} else {
			g.fill(i)
		}
	}
	return g.model()
}

// complete adds what other runs tell of a task of this one.
func (g *graft) complete(i int) {
	m, mt := g.m, &g.tasks[i]
	if mt.kind == isUnrun {
		if d, n := g.whole(i); n > 0 {
			own := g.tasks[i]
			given := g.copied(i, d)
			given.deps, given.ends, given.mayFail, given.tolerated = own.deps, own.ends, own.mayFail, own.tolerated
			g.tasks[i], g.over[i] = given, never
			g.hearing(i)
			g.told[i] = learned{d.took, n}
		}
		return
	}
	if mt.kind != isBody {
		return
	}
	if !m.tellsHearing(i) {
		g.hearing(i)
	}
	if at := m.fork(i); at >= 0 {
		g.goOn(i, at)
		return
	}
	if mt.ending == endsBadly && m.run.Tasks[i].started() && m.over[i] < m.run.Tasks[i].End() {
		list := g.of.all(g.keys[i], func(m *model, k int) bool { return m.run.Tasks[k].End() <= m.over[k] })
		if d, n := choose(list); n > 0 {
			mt.own, g.told[i] = d.own, learned{m.run.Tasks[i].Took(), n}
		}
	}
}

// hearing says whether body i looks at its context, of which its record does not tell: as
// it did in other runs, if those agree with others or are more than one, or else as others
// do in this run, or in those.
func (g *graft) hearing(i int) {
	h, mt := g.of.hearing(g.keys[i]), &g.tasks[i]
	mt.deaf = g.usual.didNot > g.usual.did
	if deaf := h.didNot > h.did; h.did != h.didNot && (deaf == mt.deaf || max(h.did, h.didNot) > 1) {
		mt.deaf, mt.heard = deaf, true
	}
}

// whole picks a donor of all that task i does.
func (g *graft) whole(i int) (donor, int) {
	list := g.of.all(g.keys[i], func(*model, int) bool { return true })
	if p := g.mapOf(i); len(list) == 0 && p >= 0 {
		list = g.of.elements(g.keys[p])
	}
	return choose(list)
}

// mapOf is the Map that task i is an element of, or -1.
func (g *graft) mapOf(i int) int {
	if i >= len(g.m.tasks) || i == g.m.caller {
		return -1
	}
	if p := g.m.whole(i); p >= 0 && !g.m.run.Tasks[p].Race {
		return p
	}
	return -1
}

// fill makes a new task of what others tell, or of the record that it was found in.
func (g *graft) fill(i int) {
	found := g.from[i]
	d, n := g.whole(i)
	if n == 0 {
		d, n = found, 1
	}
	g.told[i] = learned{d.m.run.Tasks[d.task].Took(), n}
	g.tasks[i] = g.copied(i, d)
	g.over[i] = d.m.over[d.task]
	if g.over[i] >= d.m.run.Tasks[d.task].End() {
		g.hearing(i)
	}
	var ids []asap.ID
	for _, k := range g.tasks[i].deps {
		ids = append(ids, g.run.Tasks[k].ID)
	}
	g.run.Tasks[i].Deps = ids
}

// copied is what a donor does as the model of task i.
func (g *graft) copied(i int, d donor) modelTask {
	mt := d.m.tasks[d.task]
	deps, ends := mt.deps, mt.ends
	mt.deps, mt.ends, mt.given = nil, nil, true
	for k, dep := range deps {
		if at, ok := g.task[d.key(dep)]; ok {
			mt.deps, mt.ends = append(mt.deps, at), append(mt.ends, ends[k])
		}
	}
	mt.parts = g.spawned(d, mt.parts, nil)
	mt.ops = g.steps(d, mt.ops, nil)
	return mt
}

// key is that of a task of a donor's run.
func (d donor) key(i int) string { return d.m.taskKeys[i] }

// steps are those of a donor as those of a body here, instead of steps that declare some
// tasks as well.
func (g *graft) steps(d donor, ops []op, instead []int) (out []op) {
	for _, o := range ops {
		switch {
		case o.kind == opSpawn:
			if o.tasks = g.spawned(d, o.tasks, instead); len(o.tasks) == 0 {
				continue
			}
		case o.kind == opWaitGroup:
			at, ok := g.groups[d.m.groupKeys[o.on]]
			if !ok {
				continue
			}
			o.on = at
		case o.waits() && o.on >= 0:
			at, ok := g.task[d.key(o.on)]
			if !ok {
				continue
			}
			o.on = at
		}
		out = append(out, o)
	}
	return out
}

// spawned are those tasks that a donor declares and that are not in this run yet, or are
// among some.
func (g *graft) spawned(d donor, list []spawned, some []int) (out []spawned) {
	for _, s := range list {
		at, ok := g.task[d.key(s.task)]
		switch {
		case !ok:
			out = append(out, spawned{g.add(d, s.task), s.after})
		case slices.Contains(some, at):
			out = append(out, spawned{at, s.after})
		}
	}
	return out
}

// add makes a task of this run of one of a donor's, to be filled.
func (g *graft) add(d donor, from int) int {
	i, t := len(g.tasks), d.m.run.Tasks[from]
	t.ID, t.Deps, t.After, t.AfterEnd = g.next, nil, nil, nil
	g.next++
	t.Group = g.run.Groups[g.groupOf(d, d.m.groupAt(from))].ID
	if p := d.m.parent(from); p >= 0 {
		t.Parent = g.run.Tasks[g.task[d.key(p)]].ID
	}
	if t.Shared > len(g.run.Shared) {
		t.Shared = 0
	}
	t.Pieces = slices.Clone(t.Pieces)
	for k := range t.Pieces {
		t.Pieces[k].On = 0
	}
	key := d.key(from)
	g.run.Tasks, g.tasks, g.over = append(g.run.Tasks, t), append(g.tasks, modelTask{}), append(g.over, never)
	g.from, g.keys = append(g.from, donor{m: d.m, task: from}), append(g.keys, key)
	g.task[key] = i
	return i
}

// groupOf is the group here that a donor's is, made if there is none.
func (g *graft) groupOf(d donor, from int) int {
	key := d.m.groupKeys[from]
	if at, ok := g.groups[key]; ok {
		return at
	}
	of := d.m.run.Groups[from]
	of.ID, of.Waits = g.next, nil
	g.next++
	if owner, ok := d.m.task[of.Parent]; ok {
		of.Parent = g.run.Tasks[g.task[d.key(owner)]].ID
	}
	if of.Shared > len(g.run.Shared) {
		of.Shared = 0
	}
	g.groups[key] = len(g.run.Groups)
	g.run.Groups, g.group = append(g.run.Groups, of), append(g.group, key)
	return g.groups[key]
}

// model is what has come of it, with the caller behind all others.
func (g *graft) model() *model {
	m, was := *g.m, g.m
	own, groups := was.caller, len(was.run.Groups)-1
	g.run.Tasks = append(g.run.Tasks, was.run.Tasks[own])
	g.run.Groups = append(g.run.Groups, was.run.Groups[groups])
	m.caller, m.learned = len(g.tasks), g.told
	m.tasks = append(g.tasks, was.tasks[own])
	m.over = append(g.over, was.over[own])
	m.index = g.run.index()
	m.limited, m.cancels, m.settled = make([]bool, len(m.tasks)), make([]int, len(g.run.Groups)), make([]bool, len(g.run.Groups))
	copy(m.limited, was.limited[:own])
	m.nested = make([][]int, len(m.tasks))
	for i := range g.run.Groups {
		m.cancels[i], m.settled[i] = -1, g.run.Groups[i].Settled
		if i < groups {
			m.cancels[i] = was.cancels[i]
		}
		if p, ok := m.task[g.run.Groups[i].Parent]; ok {
			m.nested[p] = append(m.nested[p], i)
		}
	}
	return &m
}
