package whatif

import (
	"strings"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// temporary: what the record is to tell.
func (p *program) facts(run *waterfall.Run, waits []wait) {
	ids := map[string]asap.ID{}
	for _, t := range run.Tasks {
		ids[t.Name] = t.ID
	}
	if p.shared > 0 {
		run.Shared = []waterfall.SharedLimit{{Limit: p.shared}}
	}
	byName := map[string]*task{}
	var walk func(p *program, g asap.ID)
	groupOfFirst := map[string]*program{}
	walk = func(q *program, _ asap.ID) {
		for _, s := range q.script {
			if s.do == declares {
				groupOfFirst[s.task.name] = q
			}
		}
	}
	var all func(q *program)
	all = func(q *program) {
		walk(q, 0)
		for _, s := range q.script {
			if s.do == declares {
				byName[s.task.name] = s.task
				for _, b := range s.task.bodies {
					for _, st := range b {
						if st.do == nests {
							all(st.inner)
						}
					}
				}
			}
		}
	}
	all(p)
	groups := map[asap.ID]*program{}
	for _, w := range waits {
		run.Groups[0].Waits = append(run.Groups[0].Waits, waterfall.Wait{On: ids[w.name], Start: w.from, End: w.to})
	}
	for i := range run.Tasks {
		t := &run.Tasks[i]
		name := t.Name
		if q := groupOfFirst[name]; q != nil {
			groups[t.Group] = q
		}
		if k := strings.IndexByte(name, '['); k >= 0 {
			name = name[:k]
		}
		pt := byName[name]
		t.Limit = 0
		if pt == nil {
			continue
		}
		part := name != t.Name
		t.Optional = pt.optional && pt.sort != race && (part || pt.sort == body)
		t.MayFail = pt.mayFail && pt.sort != race
		if pt.sort != race {
			t.Timeout, t.Within, t.Around = pt.timeout, pt.within, pt.retried
			if pt.shared {
				t.Shared = 1
			}
			if !part {
				t.Limit = pt.limit
			}
		}
		t.Race = pt.sort == race && !part
		for _, d := range pt.deps {
			switch id := ids[d.on.name]; {
			case d.on.gone || id == 0 || part:
			case d.how == after:
				t.After = append(t.After, id)
			case d.how == afterEnd:
				t.AfterEnd = append(t.AfterEnd, id)
			}
		}
	}
	for i := range run.Groups {
		if q := groups[run.Groups[i].ID]; q != nil {
			run.Groups[i].Limit, run.Groups[i].Settled = q.limit, q.settled
			if q.shared > 0 && i == 0 {
				run.Groups[i].Shared = 1
			}
		}
	}
}
