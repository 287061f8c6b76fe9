package waterfall_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// wideRun is a run of tasks side by side, of random lengths.
func wideRun(rnd *rand.Rand, name string, tasks []string, mean time.Duration) *waterfall.Run {
	r := &waterfall.Run{Name: name, Ended: true, Groups: []waterfall.Group{{ID: 1, Name: name, Outcome: asap.Succeeded}}}
	r.Tasks = make([]waterfall.Task, len(tasks))
	for i, task := range tasks {
		d := time.Duration(rnd.ExpFloat64() * float64(mean))
		r.Tasks[i] = waterfall.Task{ID: asap.ID(i + 2), Group: 1, Name: task, Outcome: asap.Succeeded, Pieces: []waterfall.Piece{
			{State: waterfall.Queued, End: d / 10}, {State: waterfall.Running, Start: d / 10, End: d},
		}}
		r.Makespan = max(r.Makespan, d)
	}
	r.Groups[0].End = r.Makespan
	return r
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// All that a Stats keeps is within its bound, which is honest: 256 names of 512
// tasks, each with many runs over hours.
func TestStatsMemory(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("takes seconds, and measures the heap")
	}
	tasks := make([]string, 512)
	for i := range tasks {
		tasks[i] = fmt.Sprintf("task%03d", i)
	}
	for _, bound := range []int{0, 8 << 20} {
		t.Run(fmt.Sprint(bound), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(1, 1))
				before := heap()
				s := &waterfall.Stats{MaxBytes: bound}
				most := bound
				if most == 0 {
					most = 64 << 20
				}
				for i := range 10_000 {
					s.Add(wideRun(rnd, fmt.Sprint("group", rnd.IntN(256)), tasks, 20*ms))
					if i%10 == 0 {
						s.Add(wideRun(rnd, "often", tasks[:6], 20*ms))
					}
					time.Sleep(time.Second)
					if i%2500 == 2499 {
						used, says := heap()-before, s.Bytes()
						t.Logf("after %d runs: %d names, %d forgotten, says %.1f MB, uses %.1f MB", i+1, len(s.Names()), s.Forgotten(), float64(says)/(1<<20), float64(used)/(1<<20))
						if says > most || float64(used) > 1.15*float64(most)+1<<20 || float64(used) < 0.7*float64(says) {
							t.Errorf("after %d runs a Stats of %d bytes says that it has %d, and has %d", i+1, most, says, used)
						}
					}
				}
				if r := s.Report("often", waterfall.SinceStart); r.Runs != 1000 || len(r.Tasks) != 6 {
					t.Errorf("of the name that is used most there are %d runs, want all 1000", r.Runs)
				}
				if s.Forgotten() == 0 {
					t.Error("no name had to go")
				}
				runtime.KeepAlive(s)
			})
		})
	}
}
