package seeds_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// answer is a call to a service that takes d: it returns v, or the cause of
// ctx when that ends first.
func answer[T any](ctx context.Context, d time.Duration, v T) (T, error) {
	select {
	case <-time.After(d):
		return v, nil
	case <-ctx.Done():
		return v, context.Cause(ctx)
	}
}

// timeline is an [asap.Observer] that keeps when each body ran, and how it ended.
type timeline struct {
	mu   sync.Mutex
	rows map[asap.ID]*timelineRow
}

type timelineRow struct {
	name    string
	running []time.Duration // started, blocked, resumed, ..., ended
	outcome asap.Outcome
}

func (l *timeline) Start(ctx context.Context, e asap.Event) context.Context { return ctx }

func (l *timeline) Observe(e asap.Event) {
	if e.Task == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rows == nil {
		l.rows = make(map[asap.ID]*timelineRow)
	}
	r := l.rows[e.Task]
	if r == nil {
		r = new(timelineRow)
		l.rows[e.Task] = r
	}
	switch e.Kind {
	case asap.Declared:
		r.name = e.Name
	case asap.Started, asap.Blocked, asap.Resumed:
		r.running = append(r.running, e.At)
	case asap.Ended:
		r.outcome = e.Outcome
		if len(r.running) > 0 {
			r.running = append(r.running, e.At)
		}
	}
}

// String has a line for each body: its name, when it ran (waits left out), in
// milliseconds, and how it ended if it did not succeed. Lines are in the order
// of the instants, and of the names.
func (l *timeline) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	rows := make([]*timelineRow, 0, len(l.rows))
	for _, r := range l.rows {
		if len(r.running) > 0 || r.outcome != asap.Succeeded {
			r.running = merge(r.running)
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b *timelineRow) int {
		if c := slices.Compare(a.running, b.running); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(r.name)
		for i := 0; i+1 < len(r.running); i += 2 {
			fmt.Fprintf(&b, " %d-%d", r.running[i].Milliseconds(), r.running[i+1].Milliseconds())
		}
		if r.outcome != asap.Succeeded {
			fmt.Fprintf(&b, " %v", r.outcome)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// merge joins stretches that touch and drops the empty ones before a wait.
func merge(running []time.Duration) []time.Duration {
	var merged []time.Duration
	for i := 0; i+1 < len(running); i += 2 {
		from, to := running[i], running[i+1]
		switch last := len(merged) - 1; {
		case last >= 0 && merged[last] == from:
			merged[last] = to
		case from == to && i+2 < len(running):
		default:
			merged = append(merged, from, to)
		}
	}
	return merged
}

// wantTimeline runs twin in virtual time and compares when its bodies ran with
// want, which has the lines of [timeline.String], indented as one likes.
func wantTimeline(t *testing.T, want string, twin func(context.Context, asap.Option)) {
	t.Helper()
	var l timeline
	synctest.Test(t, func(t *testing.T) { twin(t.Context(), asap.Observe(&l)) })
	var lines strings.Builder
	for line := range strings.Lines(strings.TrimSpace(want)) {
		lines.WriteString(strings.TrimSpace(line) + "\n")
	}
	if got := l.String(); got != lines.String() {
		t.Errorf("the bodies ran at\n%s\nwant\n%s", got, lines.String())
	}
}

// wantAfter runs f in virtual time and fails unless it takes want.
func wantAfter(t *testing.T, want time.Duration, f func(context.Context)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f(t.Context())
		if got := time.Since(start); got != want {
			t.Errorf("it took %v, want %v", got, want)
		}
	})
}

var update = flag.Bool("update", false, "write the golden files anew")

// wantGolden compares got with the file in testdata, or writes it.
func wantGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s\nif that is right, run go test -update and review the difference", name, got, want)
	}
}
