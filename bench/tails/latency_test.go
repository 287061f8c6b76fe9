package tails_test

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// model is the data file: graphs, and how long their calls take.
type model struct {
	Medians    map[string]float64 `json:"latency_ms_median"`
	P99OverP50 float64            `json:"p99_over_p50"`
	Graphs     []*graph
}

type graph struct {
	ID    string
	Tasks []task

	medians map[string]float64
}

type task struct {
	Name, Class string
	Deps        []string
}

func load(t *testing.T) *model {
	t.Helper()
	m := new(model)
	b, err := os.ReadFile("../graph/data/request_graphs.json")
	if err == nil {
		err = json.Unmarshal(b, m)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range m.Graphs {
		g.medians = m.Medians
	}
	return m
}

// isOptional tells what a page can do without. A mail that is given up is sent later.
func (t task) isOptional() bool {
	return t.Name == "ad" || t.Name == "recommendations" || t.Name == "confirmationMail"
}

// isSafe tells what may be called twice: all but payment, and the letter.
func (t task) isSafe() bool { return t.Name != "charge" && t.Name != "confirmationMail" }

// request is one run of a graph: its latencies are a function of the seed, so that
// every technique meets the same.
type request struct {
	*model
	seed, number uint64
	correlation  float64 // of the logarithms of a call's latency and its next one's

	mu    sync.Mutex
	asked map[string]int
	calls int
}

// latency draws how long the next call of a task takes.
func (r *request) latency(t task) time.Duration {
	r.mu.Lock()
	attempt := r.asked[t.Name]
	r.asked[t.Name]++
	r.calls++
	r.mu.Unlock()
	normal := func(of string) float64 {
		h := r.seed
		for _, c := range []byte(of) {
			h = (h ^ uint64(c)) * 0x100000001b3
		}
		return rand.New(rand.NewPCG(h, r.number)).NormFloat64()
	}
	z := math.Sqrt(r.correlation)*normal(t.Name) + math.Sqrt(1-r.correlation)*normal(t.Name+strings.Repeat("'", attempt+1))
	deviation := math.Log(r.P99OverP50) / 2.3263478740408408
	return time.Duration(r.Medians[t.Class] * math.Exp(deviation*z) * float64(time.Millisecond))
}

// call is the body of a task: it takes its time, or ends with its context.
func (r *request) call(ctx context.Context, t task) error {
	timer := time.NewTimer(r.latency(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
