package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// The runs of every page have the tasks that are asked about, and as many calls as is
// said of it.
func TestPredict(t *testing.T) {
	w := open(t, nil)
	runs := make(map[string][]*waterfall.Run)
	for n := range 100 {
		for _, p := range pages(fmt.Sprintf("predict-%04d", n), 1+n) {
			var rec waterfall.Recorder
			w.options = []asap.Option{asap.Observe(&rec)}
			w.flow = w.checkoutFlow(asis, asis)
			if code, body := w.ask(p, ASAP, "json"); code != 200 {
				t.Fatalf("%s: status %d: %s", p.name, code, body)
			}
			runs[p.name] = append(runs[p.name], rec.Run())
		}
	}
	for page, runs := range runs {
		sample, err := waterfall.NewSample(runs...)
		if err != nil {
			t.Fatal(err)
		}
		f, err := w.predict(page, sample)
		if err != nil || f.After.P99 <= 0 || !f.Hedged {
			t.Errorf("%s: predicted %+v, %v", page, f, err)
		}
		tasks := 0
		for _, task := range runs[0].Tasks {
			for _, piece := range task.Pieces {
				if piece.State == waterfall.Running {
					tasks++
					break
				}
			}
		}
		if want := predicted[page].tasks; tasks != want {
			t.Errorf("%s: %d tasks run, want %d", page, tasks, want)
		}
	}
	if _, err := w.predict("home", new(waterfall.Sample)); err == nil {
		t.Error("no runs predict something")
	}
}

func TestPredictions(t *testing.T) {
	f := &waterfall.Forecast{Low: 160 * time.Millisecond, High: 200 * time.Millisecond, Full: .75, Calls: .0123}
	f.After.P99 = 180 * time.Millisecond
	var b strings.Builder
	predictions(&b, map[string]prediction{
		"home": {f, nil, 190 * time.Millisecond},
		"cart": {nil, &url.Error{Op: "ask", URL: "runs", Err: fmt.Errorf("too few")}, 0},
	}, []row{{Page: "home", Mode: ASAP}, {Page: "home", Mode: Tail, Requests: 11, Failed: 1, Incomplete: 2, Second: 2}, {Page: "cart", Mode: Tail}}, 2)
	_, table, _ := strings.Cut(b.String(), "call something.\n\n")
	const want = `page         p99 ms           range       was    full     was   extra     was
home           90.0      80.0–100.0      95.0   75.0%   80.0%   1.23%   1.30%
cart      ask "runs": too few
`
	if table != want {
		t.Errorf("predictions printed\n%swant\n%s", table, want)
	}
}
