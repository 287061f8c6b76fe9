package sim

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/asap-go/asap/bench/graph"
)

// costs are round numbers, so that a wrong result can be explained.
var costs = Costs{
	Private: 60, Declare: 70, RMW: 5, Read: 1, Near: 50, Far: 100, Socket: 200, Lines: 2, Walk: 0.3, Die: 8, Package: 64,
	Spin: 800, Spins: 4, Ready: 200, WakeSpinning: 500, WakeIdle: 5000, LooksFor: 5000, Switch: 200,
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance*math.Abs(want) {
		t.Errorf("%s = %.4g, want %.4g within %.1f %%", what, got, want, 100*tolerance)
	}
}

// TestSaturation has workers that compute for a time and then change one line:
// a closed system, whose throughput is P/(Z+S) until the line is saturated and
// 1/S from then on.
func TestSaturation(t *testing.T) {
	c := costs
	c.Die, c.Package = 128, 128
	const think, rounds = 1000.0, 400
	service := c.Near + c.RMW
	for _, procs := range []int{2, 4, 8, 64, 128} {
		s := newSim(c, procs)
		shared := ownedBy(0)
		for p := range procs {
			w := s.goroutine(func(w *worker) {
				for range rounds {
					w.t += think
					w.rmw(&shared)
				}
			})
			w.cpu = p
			s.schedule(w)
		}
		got := float64(procs*rounds) / s.run()
		near(t, "throughput", got, min(float64(procs)/(think+service), 1/service), 0.02)
	}
}

// TestQueueing has arrivals at random instants, each by another processor than
// the one before: an M/D/1 queue, which waits ρS/(2(1-ρ)).
func TestQueueing(t *testing.T) {
	c := costs
	service := c.Near + c.RMW
	for _, load := range []float64{0.2, 0.5, 0.8} {
		s := newSim(c, 2)
		s.idle = nil
		random := rand.New(rand.NewPCG(7, 7))
		shared := ownedBy(1)
		const n = 200_000
		at, waited := 0.0, 0.0
		s.schedule(s.goroutine(func(w *worker) {
			for i := range n {
				at += random.ExpFloat64() * service / load
				next := s.goroutine(func(w *worker) {
					before := w.t
					w.rmw(&shared)
					waited += w.t - before - service
				})
				next.cpu, next.t = i%2, at
				s.schedule(next)
				w.t = at
				w.sync()
			}
		}))
		s.run()
		near(t, "mean wait", waited/n, load*service/(2*(1-load)), 0.05)
	}
}

// TestMutex has workers that do nothing but lock, stay and unlock: whatever
// spins, parks and wakes, never two are inside, and every one gets there.
func TestMutex(t *testing.T) {
	for _, procs := range []int{1, 2, 5, 32, 128} {
		for _, stay := range []float64{10, 1e4, 3e5} { // with the last they starve
			s := newSim(costs, procs)
			l := ownedBy(0)
			m := &mutex{line: &l}
			inside, entered := 0, 0
			for range procs {
				s.start(0, func(w *worker) {
					for range 20 {
						m.lock(w)
						if inside++; inside != 1 {
							t.Fatalf("%d are inside", inside)
						}
						entered++
						w.t += stay
						w.sync()
						inside--
						m.unlock(w)
					}
				})
			}
			took := s.run()
			if entered != 20*procs || len(m.parked) != 0 || m.locked {
				t.Errorf("%d processors: %d of %d have entered, %d are parked, locked %v", procs, entered, 20*procs, len(m.parked), m.locked)
			}
			if least := float64(entered) * stay; took < least {
				t.Errorf("%d processors: %d stays of %v took %v, want at least %v", procs, entered, stay, took, least)
			} else if most := least + float64(entered)*(2*costs.WakeIdle); took > most { // a lock that waits for who is woken
				t.Errorf("%d processors: %d stays of %v took %v, want at most %v", procs, entered, stay, took, most)
			}
		}
	}
}

// TestOneProcessor has no sharing at all: a task takes its private work, its
// declaration, and the instructions of the protocol.
func TestOneProcessor(t *testing.T) {
	c := costs
	c.RMW, c.Read = 0, 0
	g := graph.Wide(1000)
	for _, d := range Designs {
		r := Run(Config{Costs: c, Design: d, Procs: 1, Body: 40}, g)
		near(t, d.String(), r.PerTask(), c.Private+40+c.Declare, 0.01)
	}
}

// TestBounds checks on every design what no queue can beat: the processors, and
// the one goroutine that declares; and that with long bodies all get there.
func TestBounds(t *testing.T) {
	g := graph.Wide(4000)
	for _, d := range Designs {
		for _, procs := range []int{1, 2, 8, 32, 128} {
			for _, body := range []float64{0, 1000, 10_000} {
				got := Run(Config{Costs: costs, Design: d, Procs: procs, Body: body}, g).PerTask()
				least := max((costs.Private+costs.Declare+body)/float64(procs), costs.Declare)
				if got < least {
					t.Errorf("%v, %d processors, body %v: %.1f ns a task, want at least %.1f", d, procs, body, got, least)
				}
				if body == 10_000 && procs <= 8 {
					near(t, d.String()+" with long bodies", got, (costs.Private+costs.Declare+body)/float64(procs), 0.1)
				}
			}
		}
	}
}

// TestGraphs runs shapes with dependencies on every design: Run itself panics
// if a task is lost, and a chain has no parallelism to gain.
func TestGraphs(t *testing.T) {
	for _, d := range Designs {
		for _, procs := range []int{1, 3, 16, 100} {
			for _, g := range []*graph.Graph{graph.Chain(200), graph.Fan(300), graph.Layers(20, 30), graph.Tree(128), graph.Wide(1)} {
				for _, declared := range []bool{false, true} {
					r := Run(Config{Costs: costs, Design: d, Procs: procs, Body: 100, Declared: declared}, g)
					depth := float64(len(g.Levels)) * (costs.Private + 100)
					if r.Tasks != g.Len() || r.Nanos < depth {
						t.Errorf("%v, %s, %d processors: %d tasks in %.0f ns, want %d in at least %.0f", d, g.Name, procs, r.Tasks, r.Nanos, g.Len(), depth)
					}
				}
			}
		}
	}
}

// TestDeterministic runs the same thing twice.
func TestDeterministic(t *testing.T) {
	g := graph.Layers(20, 40)
	for _, d := range Designs {
		c := Config{Costs: costs, Design: d, Procs: 16}
		if a, b := Run(c, g), Run(c, g); a != b {
			t.Errorf("%v: %+v and then %+v", d, a, b)
		}
	}
}

// TestPile shows why a searcher is counted until it has the lock: else those
// who wait for it are not, and everyone who pops starts another.
func TestPile(t *testing.T) {
	c := Config{Costs: costs, Design: Relay, Procs: 64, Body: 5000, Declared: true}
	g := graph.Layers(20, 2000)
	late := Run(c, g)
	c.Early = true
	early := Run(c, g)
	if late.Most > 4*c.Procs || early.Most < 2*late.Most {
		t.Errorf("on %d processors %d workers at once, and %d if searchers leave the count early; want few and many", c.Procs, late.Most, early.Most)
	}
}
