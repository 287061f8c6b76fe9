package readers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"expvar"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape parses the metrics of stats as Prometheus does, and lints them.
func scrape(t *testing.T, stats *waterfall.Stats) map[string]*dto.MetricFamily {
	t.Helper()
	var b bytes.Buffer
	if err := stats.WritePrometheus(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(&b)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	seen := make(map[string]bool)
	for name, f := range families {
		for _, m := range f.Metric {
			key := name + fmt.Sprint(m.Label)
			if seen[key] {
				t.Errorf("%s comes twice", key)
			}
			seen[key] = true
			checkHistogram(t, key, m.Histogram)
		}
	}
	return families
}

func checkHistogram(t *testing.T, name string, h *dto.Histogram) {
	t.Helper()
	if h == nil {
		return
	}
	last := uint64(0)
	for _, b := range h.Bucket {
		if b.GetCumulativeCount() < last {
			t.Errorf("%s: a bucket has %d, the one before %d", name, b.GetCumulativeCount(), last)
		}
		last = b.GetCumulativeCount()
	}
	if n := len(h.Bucket); !math.IsInf(h.Bucket[n-1].GetUpperBound(), 1) || last != h.GetSampleCount() {
		t.Errorf("%s: the last of %d buckets has %d of %d samples", name, n, last, h.GetSampleCount())
	}
}

func labels(m *dto.Metric) string {
	var parts []string
	for _, l := range m.Label {
		parts = append(parts, l.GetValue())
	}
	return strings.Join(parts, "|")
}

// sum adds up the values of a family by the label group.
func sum(f *dto.MetricFamily) map[string]float64 {
	out := make(map[string]float64)
	for _, m := range f.GetMetric() {
		v := m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum()
		out[m.Label[0].GetValue()] += v
	}
	return out
}

// What metrics say adds up: runs, outcomes, and the critical seconds of tasks to
// the durations of their groups.
func TestPrometheusAddsUp(t *testing.T) {
	stats := new(waterfall.Stats)
	want := make(map[string]float64)
	for _, run := range runs(t) {
		stats.Add(run)
		want[run.Name] += run.Makespan.Seconds()
	}
	families := scrape(t, stats)
	durations, critical := sum(families["asap_group_duration_seconds"]), sum(families["asap_task_critical_seconds_total"])
	for name, d := range want {
		if math.Abs(durations[name]-d) > 1e-6 || math.Abs(critical[name]-d) > 1e-6 {
			t.Errorf("%s: durations %v, critical seconds %v, want %v", name, durations[name], critical[name], d)
		}
	}
	for _, r := range stats.Reports(waterfall.SinceStart) {
		if got := sum(families["asap_groups_total"])[r.Name]; int(got) != r.Runs {
			t.Errorf("%s: %v groups, want %d", r.Name, got, r.Runs)
		}
	}
}

// Counters only grow, also when what they count becomes too old for a window.
func TestPrometheusCountersGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats, rnd := new(waterfall.Stats), rand.New(rand.NewPCG(1, 2))
		before := make(map[string]float64)
		for range 120 {
			g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats), asap.Settled())
			for i := range rnd.IntN(100) {
				d, fails := time.Duration(rnd.IntN(1e9)), rnd.IntN(10) == 0
				g.Do(fmt.Sprint("t", i), func(context.Context) error {
					time.Sleep(d)
					if fails {
						return errors.New("boom")
					}
					return nil
				})
			}
			_ = g.Wait()
			time.Sleep(time.Duration(rnd.IntN(int(5 * time.Minute))))
			for name, f := range scrape(t, stats) {
				for _, m := range f.Metric {
					key := name + "|" + labels(m)
					v := m.GetCounter().GetValue() + m.GetHistogram().GetSampleSum()
					if v < before[key] {
						t.Errorf("%s: %v after %v", key, v, before[key])
					}
					before[key] = v
				}
			}
		}
		if n := len(sumTasks(scrape(t, stats)["asap_task_duration_seconds"])); n != 65 {
			t.Errorf("%d tasks have metrics, want 64 and (others)", n)
		}
	})
}

func sumTasks(f *dto.MetricFamily) map[string]bool {
	out := make(map[string]bool)
	for _, m := range f.GetMetric() {
		out[labels(m)] = true
	}
	return out
}

// A bucket has what took no longer than its bound, give or take 4.5 %.
func TestPrometheusBuckets(t *testing.T) {
	stats, rnd := new(waterfall.Stats), rand.New(rand.NewPCG(3, 4))
	var all []time.Duration
	for range 3000 {
		d := time.Duration(math.Exp(rnd.Float64() * math.Log(100e9)))
		all = append(all, d)
		stats.Add(&waterfall.Run{Name: "x", Makespan: d, Ended: true, Groups: []waterfall.Group{{ID: 1, End: d, Outcome: asap.Succeeded}}})
	}
	for _, b := range scrape(t, stats)["asap_group_duration_seconds"].Metric[0].Histogram.Bucket {
		least, most := uint64(0), uint64(0)
		for _, d := range all {
			if d.Seconds() <= b.GetUpperBound()/1.045 {
				least++
			}
			if d.Seconds() <= b.GetUpperBound()*1.045 {
				most++
			}
		}
		if n := b.GetCumulativeCount(); n < least || n > most {
			t.Errorf("le=%v has %d, want %d to %d", b.GetUpperBound(), n, least, most)
		}
	}
}

// Names are values of labels, whatever is in them, and none comes twice.
func TestPrometheusNames(t *testing.T) {
	stats := new(waterfall.Stats)
	long := strings.Repeat("long ", 100)
	names := []string{"", "a\"b", `a\b`, "a\nb", "a\x00b\xff", "{}=,#", "é日本🙂", long, long + "er", "(caller)", "(others)", "a⏎b"}
	for _, name := range names {
		run := &waterfall.Run{Name: name, Makespan: 10, Ended: true, Groups: []waterfall.Group{{ID: 1, Name: name, End: 10, Outcome: asap.Succeeded}}}
		for i, task := range names {
			run.Tasks = append(run.Tasks, waterfall.Task{
				ID: asap.ID(i + 2), Group: 1, Name: task, Outcome: asap.Succeeded, Pieces: []waterfall.Piece{{State: waterfall.Running, End: 10}},
			})
		}
		stats.Add(run)
	}
	g := asap.New(t.Context(), asap.Name("runs"), asap.Observe(stats))
	g.Do("task", func(context.Context) error {
		families := scrape(t, stats)
		for _, m := range families["asap_groups_running"].Metric {
			if got, want := m.Gauge.GetValue(), map[string]float64{"runs": 1}[labels(m)]; got != want {
				t.Errorf("%v groups of %q run, want %v", got, labels(m), want)
			}
		}
		if n := len(families["asap_groups_total"].Metric); n != len(names)-2 {
			t.Errorf("there are %d groups, want %d: two pairs are the same in a label", n, len(names)-2)
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	scrape(t, new(waterfall.Stats)) // nothing at all
}

// A Stats can be published, and is JSON.
func TestExpvar(t *testing.T) {
	stats := new(waterfall.Stats)
	expvar.Publish("asap", stats)
	for _, run := range runs(t) {
		stats.Add(run)
	}
	stats.Add(&waterfall.Run{Name: "a\xff\"", Ended: true, Groups: []waterfall.Group{{ID: 1, Outcome: asap.Failed}}})
	var got map[string]struct {
		Runs, Failed int
		P99          float64 `json:"p99_seconds"`
		Critical     map[string]float64
	}
	if err := json.Unmarshal([]byte(expvar.Get("asap").String()), &got); err != nil {
		t.Fatal(err)
	}
	r := stats.Report("random", waterfall.TenMinutes)
	if g := got["random"]; g.Runs != 200 || g.Failed != r.Failures() || g.P99 != r.P99.Seconds() || len(g.Critical) == 0 {
		t.Errorf("the group random is %+v, want %d runs, %d failed, p99 %v", g, 200, r.Failures(), r.P99)
	}
}
