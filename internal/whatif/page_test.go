package whatif

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/asap-go/asap/waterfall"
)

// The page of a run predicts what the package does, to the nanosecond, of programs of
// every kind.
func TestPagePredictsTheSame(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node to run the page's simulation with")
	}
	scripts, err := filepath.Abs("../../waterfall")
	if err != nil {
		t.Fatal(err)
	}
	type prediction struct {
		Makespan int64
		Assumes  []string
	}
	var pages []json.RawMessage
	var want, got []prediction
	var names []string
	for _, k := range kinds {
		for seed := range uint64(20) {
			run := newProgram(k, seed).run(t)
			others := sample(t, otherRuns(t, k, seed, 4))
			limit := run.Groups[0].Limit%3 + 1
			task, share := int(seed)%len(run.Tasks), float64(int(seed)%7-3)/4
			fast := run.Tasks[task].Name
			p, err := others.Predict(run, waterfall.Limit(limit), waterfall.Speed(fast, share))
			if err != nil {
				t.Fatalf("%s %d: %v", k.name, seed, err)
			}
			pages = append(pages, fmt.Appendf(nil, `{"run":%s,"limit":%d,"tasks":%s,"scale":%v}`, pageData(t, run, others), limit, tasksOf(run, fast), 1-share))
			said := slices.DeleteFunc(p.Assumes, func(s string) bool { return strings.HasPrefix(s, "the run as it was,") })
			want = append(want, prediction{int64(p.Makespan), said})
			names = append(names, fmt.Sprintf("%s %d", k.name, seed))
		}
	}
	in, err := json.Marshal(pages)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "runs.json")
	if err := os.WriteFile(file, in, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(node, "-e", fmt.Sprintf(`Object.assign(globalThis, require(%[1]q + "/sim.js"), require(%[1]q + "/assume.js"));
		const pages = JSON.parse(require("fs").readFileSync(%[2]q));
		console.log(JSON.stringify(pages.map(({run, limit, tasks, scale: by}) => {
			const scale = run.tasks.map((_, t) => tasks.includes(t) ? by : 1), gone = run.tasks.map(() => false);
			const result = simulate(run, scale, gone, limit), asking = assumes(run, result, scale, gone, limit);
			for (;;) {
				const {done, value} = asking.next();
				if (done) return {makespan: result.makespan, assumes: value};
			}
		})));`, scripts, file)).Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i].Makespan != want[i].Makespan {
			t.Errorf("%s: the page predicts %d ns, the package %d", names[i], got[i].Makespan, want[i].Makespan)
		}
		if !slices.Equal(got[i].Assumes, want[i].Assumes) {
			t.Errorf("%s: the page assumes %q,\nthe package %q", names[i], got[i].Assumes, want[i].Assumes)
		}
	}
}

// tasksOf are the places of the tasks that a change of that name is of, as JSON.
func tasksOf(run *waterfall.Run, name string) string {
	return strings.ReplaceAll(fmt.Sprint(run.Named(name)), " ", ",")
}

// pageData is what the page of a run has of it.
func pageData(t *testing.T, run *waterfall.Run, others *waterfall.Sample) (data json.RawMessage) {
	t.Helper()
	var b strings.Builder
	if err := run.WriteHTML(&b, waterfall.Frame{Others: others}); err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(b.String(), `type="application/json">`)
	if !ok {
		t.Fatal("the page has no run in it")
	}
	if err := json.NewDecoder(strings.NewReader(rest)).Decode(&data); err != nil {
		t.Fatal(err)
	}
	return data
}
