package whatif

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// The tail: what many recorded runs predict of hedges and deadlines, against runs of the
// same graphs that have them.

var (
	tailRuns = flag.Int("tailruns", 400, "how many runs are recorded, of each graph")
	update   = flag.Bool("update", false, "write docs/runs/product-many.json")
	realRuns = flag.Int("realruns", 1000, "how many runs are measured, of each graph and change")
)

// pageGraph is a page of a public system: its calls, what they need, and the class of
// their latency.
type pageGraph struct {
	ID    string
	Limit int `json:"-"` // of bodies at once, if not 0
	Tasks []struct {
		Name  string
		Deps  []string
		Class string
	}
}

type pageGraphs struct {
	Medians    map[string]float64 `json:"latency_ms_median"`
	P99OverP50 float64            `json:"p99_over_p50"`
	Graphs     []pageGraph
}

// sigma is that of the logarithms of all latencies.
func (f *pageGraphs) sigma() float64 { return math.Log(f.P99OverP50) / 2.3263478740408408 }

func readPages(t *testing.T) (f pageGraphs) {
	t.Helper()
	b, err := os.ReadFile("../../examples/storefront/testdata/request_graphs.json")
	if err == nil {
		err = json.Unmarshal(b, &f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *pageGraphs) page(id string) *pageGraph {
	return &f.Graphs[slices.IndexFunc(f.Graphs, func(g pageGraph) bool { return g.ID == id })]
}

// tailChange is what a page is given: hedges of some calls, and deadlines.
type tailChange struct {
	name     string
	hedge    []string // at p95
	deadline map[string]time.Duration
	by       func(task string, delay time.Duration) asap.TaskOption // instead of the Around of this test
}

func (c *tailChange) changes(correlation float64) []waterfall.Change {
	var list []waterfall.Change
	for _, name := range c.hedge {
		list = append(list, waterfall.Hedge(name, .95))
	}
	for name, d := range c.deadline {
		list = append(list, waterfall.Within(name, d))
	}
	return append(list, waterfall.Correlation(correlation))
}

// tailPage is a page that is measured, with what it can do without.
type tailPage struct {
	id       string
	optional []string
	changes  []tailChange
}

// Of a checkout nobody calls twice what charges and ships.
var tailPages = []tailPage{
	{"boutique-home", []string{"ad"}, []tailChange{
		{"hedge", []string{"ad"}, nil, nil},
		{"deadline", nil, map[string]time.Duration{"ad": 60 * time.Millisecond}, nil},
		{"both", []string{"currencies", "products", "price*"}, map[string]time.Duration{"ad": 60 * time.Millisecond}, nil},
	}},
	{"boutique-product", []string{"ad", "recommendations"}, []tailChange{
		{"hedge", []string{"ad", "recommendations"}, nil, nil},
		{"deadline", nil, map[string]time.Duration{"ad": 60 * time.Millisecond, "recommendations": 60 * time.Millisecond}, nil},
		{"both", []string{"product", "currencies", "price"}, map[string]time.Duration{"ad": 80 * time.Millisecond, "recommendations": 60 * time.Millisecond}, nil},
	}},
	{"boutique-cart", []string{"recommendations"}, []tailChange{
		{"hedge", []string{"recommendations"}, nil, nil},
		{"deadline", nil, map[string]time.Duration{"recommendations": 60 * time.Millisecond}, nil},
		{"both", []string{"shippingQuote", "shippingPrice", "price*"}, map[string]time.Duration{"recommendations": 80 * time.Millisecond}, nil},
	}},
	{"train-preserve", []string{"mail"}, []tailChange{
		{"hedge", []string{"trip", "travel", "mail"}, nil, nil},
		{"deadline", nil, map[string]time.Duration{"mail": 250 * time.Millisecond}, nil},
		{"both", []string{"trip", "travel"}, map[string]time.Duration{"mail": 250 * time.Millisecond}, nil},
	}},
	{"boutique-checkout", nil, []tailChange{
		{"hedge", []string{"cart", "shippingQuote", "shippingPrice", "item*", "price*", "confirmationMail"}, nil, nil},
	}},
}

// latencies are those of two calls of one task.
type latencies struct {
	rnd         *rand.Rand
	sigma       float64
	correlation float64
}

func (l *latencies) draw(median float64) [2]time.Duration {
	a := l.rnd.NormFloat64()
	b := l.correlation*a + math.Sqrt(1-l.correlation*l.correlation)*l.rnd.NormFloat64()
	took := func(z float64) time.Duration { return time.Duration(median * math.Exp(l.sigma*z) * 1e6) }
	return [2]time.Duration{took(a), took(b)}
}

// tailRun is one run of a page.
type tailRun struct {
	took  time.Duration
	calls int
	full  bool
}

// matches tells whether a name of a change is of a task.
func matches(name, task string) bool {
	if whole, ok := strings.CutSuffix(name, "*"); ok {
		return strings.HasPrefix(task, whole)
	}
	return name == task
}

// runPage runs a page in a bubble, and tells an observer.
func runPage(ctx context.Context, f *pageGraphs, p *pageGraph, optional []string, c *tailChange, delays map[string]time.Duration, l *latencies, o asap.Observer) tailRun {
	var calls, missing atomic.Int32
	options := []asap.Option{asap.Name(p.ID)}
	if p.Limit > 0 {
		options = append(options, asap.Limit(p.Limit))
	}
	if o != nil {
		options = append(options, asap.Observe(o))
	}
	began := time.Now()
	g := asap.New(ctx, options...)
	tasks := make(map[string]asap.Dep)
	for _, t := range p.Tasks {
		took := l.draw(f.Medians[t.Class])
		var call atomic.Int32
		body := func(ctx context.Context) (int, error) {
			calls.Add(1)
			n := call.Add(1)
			select {
			case <-time.After(took[(n-1)%2]):
				return 0, nil
			case <-ctx.Done():
				return 0, context.Cause(ctx)
			}
		}
		var deps []asap.Dep
		for _, d := range t.Deps {
			deps = append(deps, tasks[d])
		}
		how := []asap.TaskOption{asap.AfterEnd(deps...)}
		if c != nil {
			if d, ok := c.deadline[t.Name]; ok {
				how = append(how, asap.Within(d))
			}
			if slices.ContainsFunc(c.hedge, func(name string) bool { return matches(name, t.Name) }) {
				if c.by != nil {
					how = append(how, c.by(t.Name, delays[t.Name]))
				} else {
					how = append(how, hedgeAfter(delays[t.Name]))
				}
			}
		}
		if slices.Contains(optional, t.Name) {
			tasks[t.Name] = g.Optional(t.Name, body, how...)
		} else {
			tasks[t.Name] = g.Go(t.Name, body, how...)
		}
	}
	err := g.Wait()
	for _, name := range optional {
		if r, ok := tasks[name].(*asap.Task[asap.Result[int]]); ok && r.Value().Err != nil {
			missing.Add(1)
		}
	}
	return tailRun{time.Since(began), int(calls.Load()), err == nil && missing.Load() == 0}
}

// hedgeAfter calls a body again that has not returned by then: the first of the two that
// succeeds counts, and a first that fails before is the failure.
func hedgeAfter(delay time.Duration) asap.TaskOption {
	return asap.Around(func(ctx context.Context, task string, body func(context.Context) error) error {
		g := asap.New(ctx, asap.Name("hedge"))
		defer g.Stop()
		none := func(ctx context.Context) (struct{}, error) { return struct{}{}, body(ctx) }
		g.Race(task, none, func(ctx context.Context) (struct{}, error) {
			err := asap.Blocking(ctx, func() error {
				select {
				case <-time.After(delay):
					return nil
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			})
			if err != nil {
				return struct{}{}, err
			}
			return none(ctx)
		})
		return g.Wait()
	})
}

func p99(runs []tailRun) time.Duration { return at(runs, .99) }

func at(runs []tailRun, share float64) time.Duration {
	var all []time.Duration
	for _, r := range runs {
		all = append(all, r.took)
	}
	slices.Sort(all)
	return all[int(math.Ceil(share*float64(len(all))))-1]
}

func sum(runs []tailRun) (calls, full float64) {
	for _, r := range runs {
		calls += float64(r.calls)
		if r.full {
			full++
		}
	}
	return calls, full / float64(len(runs))
}

// TestTail predicts pages with hedges, deadlines and both from recorded runs without, and
// runs them: in virtual time, each with the same luck whenever it is run.
//
//	go test ./internal/whatif -run TestTail -tailruns=5000 -realruns=20000 -v
func TestTail(t *testing.T) {
	f := readPages(t)
	var table strings.Builder
	table.WriteString("\n| page | with | correlation | p99 before, ms | predicted | measured | off | more calls | measured | full | measured |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	var off []float64
	synctest.Test(t, func(t *testing.T) {
		for k, page := range tailPages {
			if k > 0 && (testing.Short() || raceEnabled) {
				break
			}
			off = append(off, measurePage(t, &f, page, &table)...)
		}
	})
	slices.Sort(off)
	fmt.Fprintf(&table, "\nOff by %.1f %% in half of them, %.1f %% in nine of ten, %.1f %% at most.", 100*off[len(off)/2], 100*off[len(off)*9/10], 100*off[len(off)-1])
	t.Log(table.String())
	if half, most := off[len(off)/2], off[len(off)-1]; half > .12 || most > .35 {
		t.Errorf("predictions of p99 are off by %.0f %% in half of them, %.0f %% at most; want 12 and 35", 100*half, 100*most)
	}
}

// measurePage adds a line for each change and correlation, and returns by what share the
// predictions are off.
func measurePage(t *testing.T, f *pageGraphs, page tailPage, table *strings.Builder) (off []float64) {
	p := f.page(page.id)
	seed := uint64(len(page.id))
	l := &latencies{rand.New(rand.NewPCG(1, seed)), f.sigma(), 0}
	var recorded []*waterfall.Run
	for range *tailRuns {
		var rec waterfall.Recorder
		runPage(t.Context(), f, p, page.optional, nil, nil, l, &rec)
		recorded = append(recorded, rec.Run())
	}
	sample, err := waterfall.NewSample(recorded...)
	if err != nil {
		t.Fatal(err)
	}
	delays := make(map[string]time.Duration)
	for _, task := range p.Tasks {
		delays[task.Name] = time.Duration(f.Medians[task.Class] * math.Exp(f.sigma()*1.6448536) * 1e6)
	}
	measure := func(c *tailChange, correlation float64) (runs []tailRun) {
		l := &latencies{rand.New(rand.NewPCG(2, seed)), f.sigma(), correlation}
		for range *realRuns {
			runs = append(runs, runPage(t.Context(), f, p, page.optional, c, delays, l, nil))
		}
		return runs
	}
	before := measure(nil, 0)
	was, _ := sum(before)
	for _, c := range page.changes {
		for _, correlation := range []float64{0, .5, .9} {
			if len(c.hedge) == 0 && correlation > 0 {
				continue
			}
			after := measure(&c, correlation)
			forecast, err := sample.WhatIf(c.changes(correlation)...)
			if err != nil {
				t.Fatal(err)
			}
			calls, full := sum(after)
			miss := float64(forecast.After.P99)/float64(p99(after)) - 1
			off = append(off, math.Abs(miss))
			ms := func(d time.Duration) string { return fmt.Sprintf("%.0f", float64(d)/1e6) }
			corr := fmt.Sprint(correlation)
			if len(c.hedge) == 0 {
				corr = ""
			}
			fmt.Fprintf(table, "| %s | %s | %s | %s | %s | %s | %+.0f %% | %.1f %% | %.1f %% | %.0f %% | %.0f %% |\n", page.id, c.name, corr, ms(p99(before)),
				ms(forecast.After.P99), ms(p99(after)), 100*miss, 100*forecast.Calls, 100*(calls/was-1), 100*forecast.Full, 100*full)
			if d := forecast.Calls - (calls/was - 1); math.Abs(d) > .01 {
				t.Errorf("%s, %s: %.1f %% more calls, want %.1f", page.id, c.name, 100*forecast.Calls, 100*(calls/was-1))
			}
			if math.Abs(forecast.Full-full) > .06 {
				t.Errorf("%s, %s: %.1f %% full, want %.1f", page.id, c.name, 100*forecast.Full, 100*full)
			}
		}
	}
	return off
}

// docs/runs/product-many.json is what a Stats has kept of some product pages.
func TestKeptProducts(t *testing.T) {
	const file = "../../docs/runs/product-many.json"
	f := readPages(t)
	var b bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		l := &latencies{rand.New(rand.NewPCG(1, 7)), f.sigma(), 0}
		p := *f.page("boutique-product")
		p.ID = "product"
		for range 400 {
			runPage(t.Context(), &f, &p, []string{"ad", "recommendations"}, nil, nil, l, stats)
		}
		if err := stats.Sample("product", waterfall.Minute).WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
	})
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want, err := os.ReadFile(file); err != nil || !bytes.Equal(want, b.Bytes()) {
		t.Errorf("%s is not what is kept (%v); if that is right, run go test -update", file, err)
	}
}

// What is suggested for a page gains when it is done.
func TestRankingOfPages(t *testing.T) {
	f := readPages(t)
	for k, page := range tailPages {
		if k > 0 && (testing.Short() || raceEnabled) {
			break
		}
		p := f.page(page.id)
		var recorded []*waterfall.Run
		synctest.Test(t, func(t *testing.T) {
			l := &latencies{rand.New(rand.NewPCG(1, uint64(len(page.id)))), f.sigma(), 0}
			for range *tailRuns {
				var rec waterfall.Recorder
				runPage(t.Context(), &f, p, page.optional, nil, nil, l, &rec)
				recorded = append(recorded, rec.Run())
			}
		})
		sample, err := waterfall.NewSample(recorded...)
		if err != nil {
			t.Fatal(err)
		}
		list, err := sample.Ranking()
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, c := range list {
			b.WriteString("\n  " + strings.Join(c.Words(), "\n      "))
		}
		t.Logf("%s:%s", page.id, b.String())
		if len(list) < 2 || list[len(list)-1].Saved() < list[0].Saved() {
			t.Errorf("%s: want some suggestions, and all together last", page.id)
		}
	}
}

// The correlation of two calls is estimated from recorded hedges, and from runs that were
// hedged it is predicted what they would be without.
func TestCorrelation(t *testing.T) {
	f := readPages(t)
	page := tailPages[1]
	p := f.page(page.id)
	n := *tailRuns * 3
	if testing.Short() || raceEnabled {
		n = 400
	}
	for _, correlation := range []float64{0, .5, .9} {
		synctest.Test(t, func(t *testing.T) {
			delays := make(map[string]time.Duration)
			for _, task := range p.Tasks {
				delays[task.Name] = time.Duration(f.Medians[task.Class] * math.Exp(f.sigma()*1.2816) * 1e6) // p90
			}
			c := tailChange{hedge: []string{"ad", "recommendations", "price", "currencies"}}
			l := &latencies{rand.New(rand.NewPCG(1, 3)), f.sigma(), correlation}
			var recorded []*waterfall.Run
			for range n {
				var rec waterfall.Recorder
				runPage(t.Context(), &f, p, page.optional, &c, delays, l, &rec)
				recorded = append(recorded, rec.Run())
			}
			sample, err := waterfall.NewSample(recorded...)
			if err != nil {
				t.Fatal(err)
			}
			forecast, err := sample.WhatIf(waterfall.HedgeAfter("ad", time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("correlation %g: estimated %.2f from %d; p99 %v, without %v", correlation, forecast.Correlation, forecast.Pairs, forecast.Before.P99, forecast.After.P99)
			if math.Abs(forecast.Correlation-correlation) > .12 || forecast.Pairs < 50 {
				t.Errorf("estimated %.2f from %d pairs, want %g", forecast.Correlation, forecast.Pairs, correlation)
			}
		})
	}
}

// Hedges of package tail are recorded as what they are: the correlation is estimated from
// them, what runs would be without is predicted, and what runs without predict of them is
// what they do.
func TestHedgesOfPackageTail(t *testing.T) {
	f := readPages(t)
	page := tailPages[1]
	p := f.page(page.id)
	n := 2 * *tailRuns
	const correlation = .5
	synctest.Test(t, func(t *testing.T) {
		hedgers := make(map[string]*tail.Hedger)
		delays := make(map[string]time.Duration)
		for _, task := range p.Tasks {
			delays[task.Name] = time.Duration(f.Medians[task.Class] * math.Exp(f.sigma()*1.2816) * 1e6) // p90
			hedgers[task.Name] = tail.Hedge(tail.After(delays[task.Name]), tail.Share(1))
		}
		c := tailChange{hedge: []string{"ad", "recommendations"}, by: func(task string, _ time.Duration) asap.TaskOption { return hedgers[task] }}
		record := func(c *tailChange) (sample *waterfall.Sample, runs []tailRun) {
			l := &latencies{rand.New(rand.NewPCG(1, 3)), f.sigma(), correlation}
			var recorded []*waterfall.Run
			for range n {
				var rec waterfall.Recorder
				runs = append(runs, runPage(t.Context(), &f, p, page.optional, c, delays, l, &rec))
				recorded = append(recorded, rec.Run())
			}
			sample, err := waterfall.NewSample(recorded...)
			if err != nil {
				t.Fatal(err)
			}
			return sample, runs
		}
		hedged, with := record(&c)
		plain, without := record(nil)
		none, err := hedged.WhatIf(waterfall.HedgeAfter("ad", time.Hour), waterfall.HedgeAfter("recommendations", time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		both, err := plain.WhatIf(waterfall.HedgeAfter("ad", delays["ad"]), waterfall.HedgeAfter("recommendations", delays["recommendations"]), waterfall.Correlation(correlation))
		if err != nil {
			t.Fatal(err)
		}
		was, _ := sum(without)
		calls, _ := sum(with)
		t.Logf("correlation %.2f of %d pairs; without: predicted %v, measured %v; with: predicted %v, measured %v; more calls: %.2f %%, measured %.2f", none.Correlation, none.Pairs,
			none.After.P99, p99(without), both.After.P99, p99(with), 100*both.Calls, 100*(calls/was-1))
		if math.Abs(none.Correlation-correlation) > .15 || none.Pairs < 50 {
			t.Errorf("correlation %.2f of %d pairs, want %g", none.Correlation, none.Pairs, correlation)
		}
		off := func(got, want time.Duration) float64 { return math.Abs(float64(got)/float64(want) - 1) }
		if off(both.After.P99, p99(with)) > .25 || off(none.After.P99, p99(without)) > .25 {
			t.Error("p99 is off by more than a quarter")
		}
		if math.Abs(both.Calls-(calls/was-1)) > .005 || math.Abs(none.Calls+1-was/calls) > .005 {
			t.Errorf("calls: %+.3f with, %+.3f without, want %+.3f and %+.3f", both.Calls, none.Calls, calls/was-1, was/calls-1)
		}
	})
}

// Under a limit the second call takes a slot of its own, and all that waits for slots
// waits for it.
func TestHedgesUnderLimits(t *testing.T) {
	f := readPages(t)
	page := tailPages[0]
	for _, limit := range []int{2, 4} {
		p := *f.page(page.id)
		p.Limit = limit
		synctest.Test(t, func(t *testing.T) {
			hedgers := make(map[string]*tail.Hedger)
			var changes []waterfall.Change
			c := tailChange{by: func(task string, _ time.Duration) asap.TaskOption { return hedgers[task] }}
			for _, task := range p.Tasks {
				delay := time.Duration(f.Medians[task.Class] * 1.5e6)
				hedgers[task.Name] = tail.Hedge(tail.After(delay), tail.Share(1))
				c.hedge = append(c.hedge, task.Name)
				changes = append(changes, waterfall.HedgeAfter(task.Name, delay))
			}
			l := &latencies{rand.New(rand.NewPCG(1, 3)), f.sigma(), 0}
			var recorded []*waterfall.Run
			var with, without []tailRun
			for range *tailRuns {
				var rec waterfall.Recorder
				without = append(without, runPage(t.Context(), &f, &p, nil, nil, nil, l, &rec))
				recorded = append(recorded, rec.Run())
				with = append(with, runPage(t.Context(), &f, &p, nil, &c, nil, l, nil))
			}
			sample, err := waterfall.NewSample(recorded...)
			if err != nil {
				t.Fatal(err)
			}
			forecast, err := sample.WhatIf(changes...)
			if err != nil {
				t.Fatal(err)
			}
			was, _ := sum(without)
			calls, _ := sum(with)
			t.Logf("limit %d: p50 %v, p99 %v → predicted %v and %v, measured %v and %v; more calls %.1f %%, measured %.1f", limit, at(without, .5), at(without, .99),
				forecast.After.P50, forecast.After.P99, at(with, .5), at(with, .99), 100*forecast.Calls, 100*(calls/was-1))
			for _, q := range []struct {
				share float64
				got   time.Duration
			}{{.5, forecast.After.P50}, {.95, forecast.After.P95}} {
				if off := float64(q.got)/float64(at(with, q.share)) - 1; math.Abs(off) > .1 {
					t.Errorf("limit %d: p%g is predicted as %v, and is %v", limit, 100*q.share, q.got, at(with, q.share))
				}
			}
			if math.Abs(forecast.Calls-(calls/was-1)) > .02 {
				t.Errorf("limit %d: %.1f %% more calls, want %.1f", limit, 100*forecast.Calls, 100*(calls/was-1))
			}
		})
	}
}
