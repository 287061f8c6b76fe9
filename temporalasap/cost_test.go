package temporalasap_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

func add(_ context.Context, n int) (int, error) { return n + 1, nil }

func sumOf(_ context.Context, list []int) (int, error) {
	sum := 0
	for _, n := range list {
		sum += n
	}
	return sum, nil
}

// shape is a flow, and the same workflow as one writes it by hand.
type shape struct {
	name string
	flow *flow.Flow[int, int]
	hand func(ctx workflow.Context, in int) (int, error)
}

func chain(n int) shape {
	name := fmt.Sprint("chain", n)
	return shape{name, flow.Define(name, func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		for range n {
			in = in.Then("add", add)
		}
		return in
	}), func(ctx workflow.Context, in int) (int, error) {
		for range n {
			if err := workflow.ExecuteActivity(ctx, "add", in).Get(ctx, &in); err != nil {
				return 0, err
			}
		}
		return in, nil
	}}
}

func wide(n int) shape {
	name := fmt.Sprint("wide", n)
	return shape{name, flow.Define(name, func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		tasks := make([]*asap.Task[int], n)
		for i := range tasks {
			tasks[i] = in.Then("add", add)
		}
		return g.Gather("all", tasks...).Then("sum", sumOf)
	}), func(ctx workflow.Context, in int) (int, error) {
		futures := make([]workflow.Future, n)
		for i := range futures {
			futures[i] = workflow.ExecuteActivity(ctx, "add", in)
		}
		values := make([]int, n)
		for i, f := range futures {
			if err := f.Get(ctx, &values[i]); err != nil {
				return 0, err
			}
		}
		var out int
		err := workflow.ExecuteActivity(ctx, "sum", values).Get(ctx, &out)
		return out, err
	}}
}

var handOptions = workflow.ActivityOptions{StartToCloseTimeout: time.Minute, HeartbeatTimeout: 10 * time.Second}

func (s *shape) byHand(ctx workflow.Context, in int) (int, error) {
	return s.hand(workflow.WithActivityOptions(ctx, handOptions), in)
}

// replayer registers what replays a history again and again.
func replayer(t testing.TB, h *history.History, register func(worker.WorkflowReplayer) error) func() {
	t.Helper()
	r := worker.NewWorkflowReplayer()
	if err := register(r); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := r.ReplayWorkflowHistory(quiet, h); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkReplay replays the same history by a flow and by hand, in turn.
func BenchmarkReplay(b *testing.B) {
	for _, c := range replayCases {
		b.Run(c.name, func(b *testing.B) {
			f, hand := c.replays(b)
			var took [2][]time.Duration
			sides := [2]func(){f, hand}
			for first := 0; b.Loop(); first = 1 - first {
				for _, i := range [2]int{first, 1 - first} {
					began := time.Now()
					sides[i]()
					took[i] = append(took[i], time.Since(began))
				}
			}
			for i := range took {
				slices.Sort(took[i])
			}
			middle := len(took[0]) / 2
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(took[0][middle].Seconds()*1000, "ms/flow")
			b.ReportMetric(took[1][middle].Seconds()*1000, "ms/hand")
			b.ReportMetric(float64(took[0][middle])/float64(took[1][middle]), "flow/hand")
			b.ReportMetric(testing.AllocsPerRun(5, f)/testing.AllocsPerRun(5, hand), "allocs-flow/hand")
		})
	}
}

type replayCase struct {
	name string
	shape
	history func(t testing.TB, workflow string, names *namer) *history.History
}

func (c *replayCase) replays(t testing.TB) (f, hand func()) {
	name := c.shape.name
	f = replayer(t, c.history(t, name, newNamer(name)), func(r worker.WorkflowReplayer) error {
		return temporalasap.Register(r, c.flow, defaults)
	})
	hand = replayer(t, c.history(t, name+" by hand", newNamer("")), func(r worker.WorkflowReplayer) error {
		r.RegisterWorkflowWithOptions(c.byHand, workflow.RegisterOptions{Name: name + " by hand"})
		return nil
	})
	return f, hand
}

var replayCases = []replayCase{
	{"chain 6", chain(6), func(t testing.TB, w string, n *namer) *history.History { return chainJournal(t, w, n, 6) }},
	{"chain 100", chain(100), func(t testing.TB, w string, n *namer) *history.History { return chainJournal(t, w, n, 100) }},
	{"wide 20", wide(20), wideHistory(20, 5, false)},
	{"wide 100", wide(100), wideHistory(100, 3, false)},
	{"wide 100 reverse", wide(100), wideHistory(100, 3, true)},
	{"wide 1000", wide(1000), wideHistory(1000, 3, false)},
	{"wide 1000 reverse", wide(1000), wideHistory(1000, 3, true)},
	{"wide 1000 one by one", wide(1000), wideHistory(1000, 1, false)},
}

func wideHistory(n, batch int, reverse bool) func(testing.TB, string, *namer) *history.History {
	return func(t testing.TB, w string, names *namer) *history.History {
		return wideJournal(t, w, names, n, batch, reverse)
	}
}

// A worker with another version of a flow cannot take up its histories: it says
// so, and which task it is about, instead of running something else.
func TestOtherVersion(t *testing.T) {
	h := chainJournal(t, "chain6", newNamer("chain6"), 6)
	version := func(tasks ...string) *flow.Flow[int, int] {
		return flow.Define("chain6", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			for _, name := range tasks {
				in = in.Then(name, add)
			}
			return in
		})
	}
	for _, test := range []struct {
		name  string
		tasks []string
		says  string
	}{
		{"the same", []string{"add", "add", "add", "add", "add", "add"}, ""},
		{"one added", []string{"add", "add", "check", "add", "add", "add", "add"}, "[TMPRL1100]"},
		{"one removed", []string{"add", "add", "add", "add", "add"}, "[TMPRL1100]"},
		{"one renamed", []string{"add", "plus", "add", "add", "add", "add"}, "[TMPRL1100]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := worker.NewWorkflowReplayer()
			if err := temporalasap.Register(r, version(test.tasks...), defaults); err != nil {
				t.Fatal(err)
			}
			err := r.ReplayWorkflowHistory(quiet, h)
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("replay: %v, want %q", err, test.says)
			}
		})
	}
}
