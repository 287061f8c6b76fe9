package waterfall_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// What a Stats makes of a group that has ended, in memory that it uses again, is
// what a Recorder tells of it: the run, and its critical path.
func TestStatsAnalyzesAsRun(t *testing.T) {
	var again waterfall.Digests
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 31))
		p := newPlan(rnd, 1+rnd.IntN(30), seed%3 > 0)
		for _, task := range p.tasks {
			task.fails = seed%4 == 1 && rnd.IntN(5) == 0
		}
		options := []asap.Option{asap.Name("plan")}
		if seed%2 == 1 {
			options = append(options, asap.Limit(1+rnd.IntN(4)))
		}
		if seed%5 == 1 {
			options = append(options, asap.Settled())
		}
		synctest.Test(t, func(t *testing.T) {
			var rec waterfall.Recorder
			g := asap.New(t.Context(), append(options, asap.Observe(&rec))...)
			declare(g, p.tasks, nil)
			g.Wait()
			run := rec.Run()
			steps, clone := again.Path(&rec)
			if clone.Number = 0; !reflect.DeepEqual(run, clone) {
				t.Errorf("seed %d: the run is\n%+v, and a Stats keeps\n%+v", seed, run, clone)
			}
			want := run.CriticalPath()
			for i := range want {
				if k := slices.IndexFunc(run.Tasks, func(task waterfall.Task) bool { return task.ID == want[i].Task }); k >= 0 && i < len(steps) {
					steps[i].Name = want[i].Name // of two tasks of one name, the second has a number there
				}
			}
			if !slices.Equal(steps, want) {
				t.Errorf("seed %d: the critical path is\n%v, and that of a Stats\n%v", seed, fmt.Sprint(want), fmt.Sprint(steps))
			}
		})
	}
}
