package waterfall_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/asap-go/asap/waterfall"
)

func TestJSONRoundTrip(t *testing.T) {
	check := func(name any, run *waterfall.Run) {
		t.Helper()
		text := render(t, run, waterfall.JSON)
		back, err := waterfall.ReadJSON(strings.NewReader(text))
		if err != nil {
			t.Errorf("%v: ReadJSON(Write(JSON)) = %v\n%s", name, err, text)
			return
		}
		if again := render(t, back, waterfall.JSON); again != text {
			t.Errorf("%v: written again it differs\nfirst:\n%s\nthen:\n%s", name, text, again)
		}
		if back.Text(90, false) != run.Text(90, false) {
			t.Errorf("%v: the text of what was read differs", name)
		}
	}
	for name, script := range scripts {
		check(name, fixed(t, script))
	}
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		p := newPlan(rnd, 1+rnd.IntN(20), true)
		p.limit = rnd.IntN(3)
		check(seed, p.run(t))
	}
}

func TestReadJSONErrors(t *testing.T) {
	ok := render(t, fixed(t, readme), waterfall.JSON)
	swap := func(old, new string) string {
		if !strings.Contains(ok, old) {
			t.Fatalf("the JSON has no %q", old)
		}
		return strings.Replace(ok, old, new, 1)
	}
	tests := []struct{ name, in, want string }{
		{"empty", "", "line 1, column 1: "},
		{"no object", "[]", "line 1, column 1: "},
		{"other object", `{"traceEvents":[]}`, `line 1, column 1: this is not a recorded run: "asap" is not "run"`},
		{"cut", ok[:len(ok)/2], "line 14, column 8: unexpected EOF"},
		{"more", ok + "{}", "line 17, column 1: "},
		{"a newer version", swap(`"version":3`, `"version":4, "since":1`), `line 3, column 1: version 4 of the format; this reads versions 1 to 3`},
		{"a sample", swap(`"asap":"run"`, `"asap":"sample", "seen":1`), `line 2, column 1: this is not a recorded run but a sample of runs`},
		{"not a run", swap(`"asap":"run"`, `"asap":"walk"`), `line 2, column 1: this is not a recorded run`},
		{"version", swap(`"version":3`, `"version":4`), "line 3, column 1: version 4 of the format; this reads versions 1 to 3"},
		{"no version", swap(`"version":3,`, ``), "line 1, column 1: version 0 of the format"},
		{"unknown member", swap(`"ended":true`, `"finished":true`), "line 7, column 1: /finished: unknown object member name"},
		{"wrong type", swap(`"makespan":360000000`, `"makespan":"long"`), "line 6, column 1: /makespan: "},
		{"state", swap(`"state":"blocked"`, `"state":"asleep"`), `/tasks/2/pieces/1/state: state "asleep" is unknown`},
		{"outcome", swap(`"outcome":"succeeded"`, `"outcome":"fine"`), `line 9, column 51: /groups/0/outcome: outcome "fine" is unknown`},
		{"gap", swap(`"end":50000000}`, `"end":50000000},{"state":"queued","start":60000000,"end":70000000}`), "line 11, column 112: waterfall: tasks[0] (config): pieces[1]: starts at 60000000 ns, and the one before it ends at 50000000"},
		{"id", swap(`{"id":3,`, `{"id":2,`), "line 12, column 1: waterfall: tasks[1] (user): id 2 is that of tasks[0]"},
		{"too late", swap(`"makespan":360000000`, `"makespan":359000000`), "line 15, column 276: waterfall: tasks[4] (analytics): pieces[4]: from 320000000 to 360000000 ns is not within the run's 359000000"},
	}
	for _, tt := range tests {
		_, err := waterfall.ReadJSON(strings.NewReader(tt.in))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: ReadJSON() error = %v, want it to have %q", tt.name, err, tt.want)
			continue
		}
		if _, ok := errors.AsType[*waterfall.ReadError](err); !ok {
			t.Errorf("%s: error is a %T, want a *ReadError", tt.name, err)
		}
	}
}

// What has come with versions 2 and 3 of the format is checked, with its place.
func TestReadJSONFactErrors(t *testing.T) {
	const ok = `{"asap":"run","version":3,"makespan":10,"ended":true,
"groups":[
{"id":1,"shared":1,"settled":true,"waits":[{"on":2,"start":1,"end":4},{"start":4,"end":9,"deadline":20}],"start":0,"end":10,"endedBy":3}],
"tasks":[
{"id":2,"group":1,"name":"a","pieces":[{"state":"running","start":0,"end":4}]},
{"id":3,"group":1,"name":"b","deps":[2],"after":[2],"shared":1,"timeout":5,"within":6,"pieces":[{"state":"running","start":4,"end":6},{"state":"blocked","start":6,"end":10,"deadline":10}]}],
"shared":[{"limit":4}]}`
	if _, err := waterfall.ReadJSON(strings.NewReader(ok)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, old, new, want string }{
		{"a shared limit of none", `{"limit":4}`, `{"limit":0}`, "line 7, column 11: waterfall: shared[0]: limit 0 is less than 1"},
		{"late, and not canceled", `"settled":true`, `"settled":true,"late":true`, "line 3, column 1: waterfall: groups[0]: late, and not canceled"},
		{"an unknown shared limit of a group", `"shared":1,"settled"`, `"shared":2,"settled"`, "line 3, column 1: waterfall: groups[0]: shared 2 is none of the run's 1 shared limits"},
		{"an unknown shared limit of a task", `"shared":1,"timeout"`, `"shared":-1,"timeout"`, "line 6, column 1: waterfall: tasks[1] (b): shared -1 is none of"},
		{"a wait for nothing known", `{"on":2,"start":1`, `{"on":7,"start":1`, "line 3, column 44: waterfall: groups[0]: waits[0]: on 7, which is no task or group"},
		{"waits that overlap", `{"start":4,"end":9,`, `{"start":3,"end":9,`, "line 3, column 71: waterfall: groups[0]: waits[1]: from 3 to 9 ns is not between 4 and 10"},
		{"a wait after the end", `{"start":4,"end":9,`, `{"start":4,"end":11,`, "waits[1]: from 4 to 11 ns is not between 4 and 10"},
		{"after what is no dependency", `"after":[2]`, `"after":[3]`, "line 6, column 50: waterfall: tasks[1] (b): after[0]: 3 is not in deps"},
		{"after twice", `"after":[2]`, `"after":[2],"afterEnd":[2]`, "afterEnd[0]: 2 is in after already"},
		{"a negative timeout", `"timeout":5`, `"timeout":-5`, "tasks[1] (b): timeout -5 ns is negative"},
		{"a negative within", `"within":6`, `"within":-6`, "tasks[1] (b): within -6 ns is negative"},
		{"a trace in version 1", `"version":3`, `"version":1, "traceId":"4bf9"`, "line 1, column 28: /traceId: version 1 of the format has no such member"},
		{"a fact in version 1", `"version":3`, `"version":1`, "line 7, column 1: /shared: version 1 of the format has no such member"},
		{"a fact in version 2", `"version":3`, `"version":2`, "line 3, column 125: /groups/0/endedBy: version 2 of the format has no such member"},
		{"a deadline of a body in version 2", `"version":3`, `"version":2`, "/tasks/1/pieces/1/deadline: version 2 of the format has no such member"},
		{"a deadline of a group in version 2", `"version":3`, `"version":2`, "/groups/0/waits/1/deadline: version 2 of the format has no such member"},
		{"several waits at once of a body in version 2", `"version":3`, `"version":2`, "/tasks/0/several: version 2 of the format has no such member"},
		{"several waits at once of a group in version 2", `"version":3`, `"version":2`, "/groups/0/several: version 2 of the format has no such member"},
		{"ended by what is no task of it", `"endedBy":3`, `"endedBy":1`, "line 3, column 1: waterfall: groups[0]: ended by 1, which is no task of it"},
		{"a negative deadline", `"deadline":20`, `"deadline":-20`, "waits[1]: deadline -20 ns is negative"},
		{"a deadline of what waits for nothing", `"start":4,"end":6}`, `"start":4,"end":6,"deadline":7}`, "pieces[0]: running with the deadline 7 ns"},
	} {
		in := strings.Replace(ok, tt.old, tt.new, 1)
		if strings.HasPrefix(tt.name, "a deadline of a") || strings.HasPrefix(tt.name, "several") {
			in = strings.Replace(in, `,"endedBy":3`, "", 1)
		}
		switch tt.name {
		case "several waits at once of a body in version 2":
			in = strings.Replace(in, `"name":"a"`, `"name":"a","several":true`, 1)
			fallthrough
		case "a deadline of a body in version 2":
			in = strings.Replace(in, `,"deadline":20`, "", 1)
		case "several waits at once of a group in version 2":
			in = strings.Replace(in, `"settled":true`, `"settled":true,"several":true`, 1)
		}
		if in == ok {
			t.Fatalf("%s: the JSON has no %q", tt.name, tt.old)
		}
		if _, err := waterfall.ReadJSON(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: ReadJSON() error = %v, want it to have %q", tt.name, err, tt.want)
		}
	}
}

// What the reader lets through is safe for everything that works on a Run.
func FuzzReadJSON(f *testing.F) {
	for _, script := range scripts {
		f.Add([]byte(render(f, fixed(f, script), waterfall.JSON)))
	}
	for _, pattern := range []string{"testdata/v1/*.json", "testdata/v2/*.json", "testdata/*.json", "../docs/runs/*.json"} {
		files, _ := filepath.Glob(pattern)
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := waterfall.ReadJSON(bytes.NewReader(data))
		if err != nil {
			return
		}
		if len(run.Tasks) > 50 {
			return
		}
		for _, format := range waterfall.Formats() {
			if err := run.Write(new(bytes.Buffer), format); err != nil {
				t.Errorf("Write(%s) = %v", format, err)
			}
		}
		run.Measure()
		run.Ranking()
		if _, err := run.WhatIf(waterfall.Limit(1)); err != nil && run.Ended && len(run.Groups) > 0 && !strings.Contains(err.Error(), "in a circle") {
			t.Errorf("WhatIf() = %v", err)
		}
		back, err := waterfall.ReadJSON(strings.NewReader(render(t, run, waterfall.JSON)))
		if err != nil {
			t.Fatalf("a run that was read and written cannot be read: %v", err)
		}
		if !reflect.DeepEqual(back, run) {
			t.Errorf("a run that was read, written and read differs:\n%+v\n%+v", run, back)
		}
	})
}
