package asaptest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/waterfall"
)

// AssertCriticalPath fails t unless the critical path of the run, as
// [waterfall.Run.CriticalPath] has it, goes through the named tasks, in that
// order and through no others. A task that took no time at all is on no path,
// nor is one that only waited. In virtual time the path is the same in every
// run; by the wall clock it need not be.
//
// The message shows both paths, how long each task held the run up, and what
// was added or is gone.
func AssertCriticalPath(t testing.TB, run *waterfall.Run, tasks ...string) {
	t.Helper()
	if err := run.Validate(); err != nil {
		t.Errorf("AssertCriticalPath: %v", err)
		return
	}
	path := pathOf(run)
	var names []string
	for _, s := range path {
		names = append(names, s.name)
	}
	if slices.Equal(names, tasks) {
		return
	}
	var b strings.Builder
	for _, name := range missing(names, tasks) {
		fmt.Fprintf(&b, "\n\t%s was added: the run waits for it for %v", name, held(path, name))
	}
	for _, name := range missing(tasks, names) {
		fmt.Fprintf(&b, "\n\t%s is gone: %s", name, where(run, name))
	}
	t.Errorf("critical path is %s, want %s%s", writePath(path), strings.Join(tasks, " → "), b.String())
}

// stretch is a task's part of a critical path.
type stretch struct {
	name string
	len  time.Duration
}

// pathOf is the critical path by task. A task that is left for another and
// comes back is there twice.
func pathOf(run *waterfall.Run) []stretch {
	var path []stretch
	for _, s := range run.CriticalPath() {
		name := s.Name
		switch {
		case s.Len() == 0 || s.State != waterfall.Running && s.State != waterfall.Queued:
			continue
		case len(path) > 0 && path[len(path)-1].name == name:
			path[len(path)-1].len += s.Len()
			continue
		}
		path = append(path, stretch{name, s.Len()})
	}
	return path
}

func writePath(path []stretch) string {
	var parts []string
	for _, s := range path {
		parts = append(parts, fmt.Sprintf("%s (%v)", s.name, s.len))
	}
	if parts == nil {
		return "empty"
	}
	return strings.Join(parts, " → ")
}

// missing returns the names of a that b does not have.
func missing(a, b []string) []string {
	var out []string
	for _, name := range a {
		if !slices.Contains(b, name) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func held(path []stretch, name string) time.Duration {
	var sum time.Duration
	for _, s := range path {
		if s.name == name {
			sum += s.len
		}
	}
	return sum
}

func where(run *waterfall.Run, name string) string {
	task := run.Task(name)
	if task == nil {
		return "the run has no task of that name"
	}
	return fmt.Sprintf("it ran for %v until %v, and the run of %v did not wait for it", task.Took(), task.End(), run.Makespan)
}
