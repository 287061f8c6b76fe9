package watch_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap/internal/record"
	"github.com/asap-go/asap/internal/watch"
)

const sec = time.Second

var kinds = [...]string{"", "GroupStart", "Declared", "Ready", "Started", "Blocked", "Resumed", "Ended", "GroupEnd"}

// tape is an observer that keeps what it is told.
type tape struct {
	mu      sync.Mutex
	steps   []watch.Step
	dropped []string
	hook    func(s watch.Step) // runs after each step was kept
	started func(ctx context.Context, s watch.Step) context.Context
	sink    record.Sink
	instead func(ctx context.Context, s watch.Step) []watch.Teller
	plain   bool // does without labels
}

func (p *tape) Start(ctx context.Context, s watch.Step) context.Context {
	if p.started != nil {
		return p.started(ctx, s)
	}
	return nil
}

func (p *tape) Observe(s watch.Step) {
	p.mu.Lock()
	p.steps = append(p.steps, s)
	p.mu.Unlock()
	if p.hook != nil {
		p.hook(s)
	}
}

func (p *tape) Dropped(s watch.Step, v any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropped = append(p.dropped, fmt.Sprint(kinds[s.Kind], " ", v))
}

func (p *tape) Instead(ctx context.Context, s watch.Step) ([]watch.Teller, bool) {
	if p.instead == nil {
		return nil, false
	}
	return p.instead(ctx, s), true
}

func (p *tape) Sink() record.Sink { return p.sink }
func (p *tape) Unlabeled() bool   { return p.plain }

// of returns what was told of what has the name, as text.
func (p *tape) of(name string) (lines []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.steps {
		if s.Name != name {
			continue
		}
		line := fmt.Sprint(s.At, " ", kinds[s.Kind])
		if s.On != 0 {
			line += fmt.Sprintf(" on %x", s.On)
		}
		for _, d := range s.Deps {
			line += fmt.Sprintf(" %d", uint32(d))
		}
		lines = append(lines, line)
	}
	return lines
}

func (p *tape) check(t *testing.T, name string, want ...string) {
	t.Helper()
	if got := p.of(name); !slices.Equal(got, want) {
		t.Errorf("steps of %q:\n\t%s\nwant\n\t%s", name, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// table is a sink that keeps the table it was told of.
type table struct {
	t            *record.Table
	began, ended []uint32
}

func (s *table) Owner() any { return s }
func (s *table) Began(_ context.Context, t *record.Table) any {
	s.t, s.began = t, append(s.began, t.Own.Number)
	return nil
}
func (s *table) Ended(t *record.Table, _ any) { s.ended = append(s.ended, t.Own.Number) }

// waits returns the waits in e as text.
func waits(e *record.Entry) string {
	var lines []string
	for w := range e.Waits(e.Steps()) {
		lines = append(lines, fmt.Sprint(w.On, " ", w.At, " ", w.Until))
	}
	return strings.Join(lines, ", ")
}

// body is a task whose body runs, in a group with the observers.
func body(t *testing.T, tellers ...watch.Teller) (*watch.Group, *record.Entry) {
	t.Helper()
	w, _ := watch.New(&watch.Config{Name: "group", Tellers: tellers}, t.Context())
	e := w.Declare("body", 0, 0, nil, nil)
	w.Ready(e, 0, 0)
	w.Report(e, t.Context(), 0)
	return w, e
}

// end ends a group as the engine does.
func end(w *watch.Group, outcome uint8, err error) {
	w.Over(outcome, err, 0)
	w.AwaitOver()
	w.GroupEnd()
}
