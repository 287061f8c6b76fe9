package whatif

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	sim, err := filepath.Abs("../../waterfall/sim.js")
	if err != nil {
		t.Fatal(err)
	}
	var pages []json.RawMessage
	var want []int64
	var names []string
	for _, k := range kinds {
		for seed := range uint64(20) {
			run := newProgram(k, seed).run(t)
			others := sample(t, otherRuns(t, k, seed, 4))
			limit := run.Groups[0].Limit%3 + 1
			p, err := others.Predict(run, waterfall.Limit(limit))
			if err != nil {
				t.Fatalf("%s %d: %v", k.name, seed, err)
			}
			pages = append(pages, fmt.Appendf(nil, `{"run":%s,"limit":%d}`, pageData(t, run, others), limit))
			want = append(want, int64(p.Makespan))
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
	out, err := exec.Command(node, "-e", fmt.Sprintf(`const {simulate} = require(%q);
		const pages = JSON.parse(require("fs").readFileSync(%q));
		console.log(JSON.stringify(pages.map(({run, limit}) =>
			simulate(run, run.tasks.map(() => 1), run.tasks.map(() => false), limit).makespan)));`, sim, file)).Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	var got []int64
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: the page predicts %d ns, the package %d", names[i], got[i], want[i])
		}
	}
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
