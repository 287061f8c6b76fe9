package audit

import (
	"fmt"
	"go/ast"
	"os"
	"time"

	"github.com/asap-go/asap/asapvet/internal/gotrace"
	"github.com/asap-go/asap/asapvet/internal/site"
)

// place is a site with what its measures need.
type place struct {
	*Site
	in      *function
	tier    site.Tier
	lines   []lines // of the calls
	calls   []*ast.CallExpr
	samples [][]float64 // what each call took, in each call of the function, in ms
}

// readTraces measures places by execution traces.
func readTraces(files []string, places []*place, sum *Summary) error {
	var funcs []gotrace.Func
	var waits [][]lines
	index := make(map[ast.Node]int)
	for _, p := range places {
		if _, there := index[p.in.node]; there {
			continue
		}
		index[p.in.node] = len(funcs)
		f, w := p.in.look()
		funcs, waits = append(funcs, f), append(waits, w)
	}
	odd := make([]time.Duration, len(funcs)) // on lines where the source has nothing to wait for
	all := make([]time.Duration, len(funcs))
	seen := make([]bool, len(funcs))
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		prof, err := gotrace.Read(f, funcs)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if prof.Broken != nil {
			sum.Broken = append(sum.Broken, fmt.Sprintf("%s could be read for %v only: %v", name, prof.Length.Round(time.Millisecond), prof.Broken))
		}
		sum.Cut += prof.Cut
		sum.TraceTime += milliseconds(prof.Length)
		for i, n := range prof.Elsewhere {
			if n > 0 {
				seen[i] = true
				odd[i]++ // a function at other lines, and be it once
				all[i]++
			}
		}
		for _, c := range prof.Calls {
			seen[c.Func] = true
			for _, w := range c.Waits {
				all[c.Func] += w.Blocked
				if !anyHas(waits[c.Func], w.Line) {
					odd[c.Func] += w.Blocked
				}
			}
		}
		for _, p := range places {
			p.add(prof.Calls, index[p.in.node])
		}
	}
	for _, p := range places {
		i := index[p.in.node]
		switch {
		case seen[i] && odd[i]*10 > all[i]:
			p.Mark, p.samples = Stale, nil
		case len(p.samples) == 0:
			p.Mark = NotThere
		}
	}
	return nil
}

// add adds the calls of the place's function.
func (p *place) add(calls []gotrace.Call, fn int) {
	for _, c := range calls {
		if c.Func != fn {
			continue
		}
		took := make([]float64, len(p.lines))
		found := false
		for _, w := range c.Waits {
			for i, l := range p.lines {
				if l.has(w.Line) {
					took[i] += milliseconds(w.Took())
					found = true
					break
				}
			}
		}
		if found {
			p.samples = append(p.samples, took)
		}
	}
}

func anyHas(list []lines, line int) bool {
	for _, l := range list {
		if l.has(line) {
			return true
		}
	}
	return false
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
