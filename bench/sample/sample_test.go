package sample_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/asap-go/asap/bench/sample"
)

// clock is a machine whose time passes only when a subject says so. A busy
// phase slows everything down by a factor.
type clock struct {
	now, cpu      time.Duration
	slow          func(time.Duration) float64
	bytes, allocs uint64
	collected     int
}

func (c *clock) Now() time.Duration       { return c.now }
func (c *clock) CPU() time.Duration       { return c.cpu }
func (c *clock) Collect()                 { c.collected++ }
func (c *clock) Memory() (uint64, uint64) { return c.bytes, c.allocs }

func (c *clock) subject(name string, cost time.Duration, bytes, allocs uint64) sample.Subject {
	return sample.Subject{Name: name, Run: func() error {
		f := 1.0
		if c.slow != nil {
			f = c.slow(c.now)
		}
		c.now += time.Duration(f * float64(cost))
		c.cpu += 3 * cost / 2
		c.bytes += bytes
		c.allocs += allocs
		return nil
	}}
}

func TestRatioIsExactOnASteadyMachine(t *testing.T) {
	c := &clock{}
	rs, err := sample.Run(c, sample.Config{Rounds: 5, Sample: time.Millisecond, Seed: 1}, []sample.Subject{
		c.subject("base", 10*time.Microsecond, 100, 3),
		c.subject("twice", 20*time.Microsecond, 50, 1),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := rs[1].Over(rs[0]); got != 2 {
		t.Errorf("Over = %v, want 2", got)
	}
	if got := rs[0].Fast(); got != 10_000 {
		t.Errorf("Fast = %v ns, want 10000", got)
	}
	if len(rs[0].Nanos) != 5 || rs[0].Bytes[0] != 100 || rs[0].Allocs[0] != 3 {
		t.Errorf("base = %+v, want 5 rounds of 100 bytes and 3 allocations", rs[0])
	}
	if sampled := time.Duration(rs[0].Repeat) * 10 * time.Microsecond; sampled < time.Millisecond || sampled > 2*time.Millisecond {
		t.Errorf("a sample of base is %v, want from 1ms to 2ms", sampled)
	}
	if c.collected < 10 {
		t.Errorf("garbage was collected %d times, want once a sample", c.collected)
	}
}

// TestRatioStandsNoise slows the machine down to a third for a quarter of
// the time, in phases longer than a round. Mean times would move by a half.
func TestRatioStandsNoise(t *testing.T) {
	c := &clock{slow: func(now time.Duration) float64 {
		if now/(40*time.Millisecond)%4 == 3 {
			return 3
		}
		return 1
	}}
	rs, err := sample.Run(c, sample.Config{Rounds: 40, Sample: time.Millisecond, Seed: 2}, []sample.Subject{
		c.subject("base", 7*time.Microsecond, 0, 0),
		c.subject("other", 21*time.Microsecond, 0, 0),
		c.subject("third", 2*time.Microsecond, 0, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := rs[1].Over(rs[0]); math.Abs(got-3) > 0.01 {
		t.Errorf("Over = %v, want 3", got)
	}
	if got := rs[1].Fast(); math.Abs(got-21_000) > 1 {
		t.Errorf("Fast = %v ns, want 21000", got)
	}
	if got := rs[1].CPUOver(rs[0]); math.Abs(got-3) > 1e-9 {
		t.Errorf("CPUOver = %v, want 3: a busy machine takes time, not work", got)
	}
	if got := rs[2].CPU[0]; math.Abs(got-3000) > 1 {
		t.Errorf("CPU = %v ns, want 3000", got)
	}
	if lo, hi := rs[1].Spread(rs[0]); lo > 3 || hi < 3 {
		t.Errorf("Spread = %v to %v, want 3 inside", lo, hi)
	}
}

func TestBudgetEndsTheRounds(t *testing.T) {
	c := &clock{}
	rs, err := sample.Run(c, sample.Config{Rounds: 100, Least: 3, Sample: time.Millisecond, Budget: time.Second}, []sample.Subject{
		c.subject("slow", 400*time.Millisecond, 0, 0),
		c.subject("slower", 500*time.Millisecond, 0, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(rs[0].Nanos); got != 3 {
		t.Errorf("%d rounds of 900ms in a budget of 1s and at least 3, want 3", got)
	}
	if rs[0].Repeat != 1 {
		t.Errorf("a run of 400ms is repeated %d times, want once", rs[0].Repeat)
	}
}

func TestErrorNamesTheSubject(t *testing.T) {
	wrong := errors.New("wrong value")
	_, err := sample.Run(&clock{}, sample.Config{Rounds: 1}, []sample.Subject{{Name: "liar", Run: func() error { return wrong }}})
	if !errors.Is(err, wrong) || err.Error() != "liar: wrong value" {
		t.Errorf("Run = %v, want liar: wrong value", err)
	}
}

func TestQuantile(t *testing.T) {
	for _, tt := range []struct {
		name string
		xs   []float64
		q    float64
		want float64
	}{
		{"one", []float64{4}, 0.1, 4},
		{"median of an odd number", []float64{9, 1, 5}, 0.5, 5},
		{"median of an even number", []float64{1, 2, 3, 10}, 0.5, 2.5},
		{"between", []float64{0, 10}, 0.1, 1},
		{"first", []float64{3, 1, 2}, 0, 1},
		{"last", []float64{3, 1, 2}, 1, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := sample.Quantile(tt.xs, tt.q); math.Abs(got-tt.want) > 1e-12 {
				t.Errorf("Quantile(%v, %v) = %v, want %v", tt.xs, tt.q, got, tt.want)
			}
		})
	}
	if got := sample.Median(nil); !math.IsNaN(got) {
		t.Errorf("Median(nil) = %v, want NaN", got)
	}
	if got := sample.Ratios([]float64{6, 8, 1}, []float64{3, 2}); len(got) != 2 || got[0] != 2 || got[1] != 4 {
		t.Errorf("Ratios = %v, want [2 4]", got)
	}
}

// TestReal only looks whether the counters move, and the right way.
func TestReal(t *testing.T) {
	m := sample.NewReal()
	before, allocs := m.Memory()
	sink = make([]byte, 1<<16)
	after, allocs2 := m.Memory()
	if after-before < 1<<16 || allocs2 <= allocs {
		t.Errorf("64 KiB moved the counters by %d bytes and %d allocations", after-before, allocs2-allocs)
	}
	if a, b := m.Now(), m.Now(); b < a {
		t.Errorf("time went from %v to %v", a, b)
	}
	before2 := m.CPU()
	for m.CPU() == before2 {
		m.Collect()
	}
}

var sink []byte
