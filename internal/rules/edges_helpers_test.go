package rules_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// The tests TestE1 to TestE15 are the faults that an attack on the first
// engine found, each with what else had its cause.

var errEdge = errors.New("edge")

// edgeBubble is a subtest in a bubble of its own, in which a hang is a failure
// of the subtest alone.
func edgeBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		defer func() {
			if v := recover(); v != nil {
				t.Errorf("hangs: %v", v)
			}
		}()
		synctest.Test(t, f)
	})
}

// edgeChild is a subtest in a process of its own, for what may end the process
// or hang outside of a bubble.
func edgeChild(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		if os.Getenv("ASAP_EDGE_CHILD") != "" {
			f(t)
			return
		}
		var parts []string
		for part := range strings.SplitSeq(t.Name(), "/") {
			parts = append(parts, "^"+edgeQuote.Replace(part)+"$")
		}
		cmd := exec.Command(os.Args[0], "-test.run="+strings.Join(parts, "/"), "-test.timeout=2m",
			fmt.Sprint("-test.short=", testing.Short()), fmt.Sprint("-test.cpu=", runtime.GOMAXPROCS(0)))
		cmd.Env = append(os.Environ(), "ASAP_EDGE_CHILD=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			text := string(out)
			if len(text) > 3000 {
				text = text[:3000] + "\n…"
			}
			t.Errorf("in a process of its own: %v\n%s", err, text)
		}
	})
}

var edgeQuote = strings.NewReplacer("(", `\(`, ")", `\)`, "[", `\[`, "]", `\]`, "+", `\+`, "*", `\*`, ".", `\.`)

// edgeEnd is how a call ended that runs on a goroutine of its own.
type edgeEnd struct {
	err      error
	panicked any
	goexited bool
}

func edgeEnded(f func() error) edgeEnd {
	e := edgeEnd{goexited: true}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				e.panicked, e.goexited = v, false
			}
		}()
		e.err = f()
		e.goexited = false
	}()
	<-done
	return e
}

func edgeSleeps[T any](d time.Duration, v T) func(context.Context) (T, error) {
	return func(context.Context) (T, error) { time.Sleep(d); return v, nil }
}

func edgeNever(t *testing.T, name string) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		t.Errorf("the body of %s ran", name)
		return 0, nil
	}
}

func edgeNil(t *testing.T, call string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: got %v, want nil", call, err)
	}
}

// edgePath checks that err has a CycleError with exactly that path.
func edgePath(t *testing.T, call string, err error, path ...string) {
	t.Helper()
	ce, ok := errors.AsType[*asap.CycleError](err)
	if !ok {
		t.Errorf("%s: got %v, want a cycle %v", call, err, path)
	} else if !slices.Equal(ce.Path, path) {
		t.Errorf("%s: cycle %v, want %v", call, ce.Path, path)
	}
}

// edgeNoCycle checks that there is no CycleError in err.
func edgeNoCycle(t *testing.T, call string, err error) {
	t.Helper()
	if ce, ok := errors.AsType[*asap.CycleError](err); ok {
		t.Errorf("%s: got the cycle %v, want none", call, ce.Path)
	}
}

// edgeClock tells the time since it was made.
type edgeClock struct{ start time.Time }

func newEdgeClock() edgeClock { return edgeClock{time.Now()} }

func (c edgeClock) now() time.Duration { return time.Since(c.start) }

func (c edgeClock) at(t *testing.T, what string, want time.Duration) {
	t.Helper()
	if got := c.now(); got != want {
		t.Errorf("%s: at %v, want %v", what, got, want)
	}
}

// edgeLog is the names of what began, in order.
type edgeLog struct {
	mu    sync.Mutex
	names []string
}

func (l *edgeLog) add(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names = append(l.names, name)
}

// body notes that it began and takes d.
func (l *edgeLog) body(name string, d time.Duration) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		l.add(name)
		time.Sleep(d)
		return 1, nil
	}
}

func (l *edgeLog) then(name string, d time.Duration) func(context.Context, int) (int, error) {
	return func(ctx context.Context, _ int) (int, error) { return l.body(name, d)(ctx) }
}

func (l *edgeLog) check(t *testing.T, want string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if got := strings.Join(l.names, " "); got != want {
		t.Errorf("order of what began:\n got %s\nwant %s", got, want)
	}
}

// edgeMeter counts how many are inside at the same time.
type edgeMeter struct{ now, peak atomic.Int64 }

func (m *edgeMeter) enter() {
	n := m.now.Add(1)
	for {
		p := m.peak.Load()
		if n <= p || m.peak.CompareAndSwap(p, n) {
			return
		}
	}
}

func (m *edgeMeter) leave() { m.now.Add(-1) }

// computes is inside for d.
func (m *edgeMeter) computes(d time.Duration) {
	m.enter()
	defer m.leave()
	time.Sleep(d)
}

func (m *edgeMeter) body(d time.Duration) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { m.computes(d); return 1, nil }
}

func (m *edgeMeter) most(t *testing.T, what string, limit int) {
	t.Helper()
	if got := m.peak.Load(); got > int64(limit) {
		t.Errorf("%s at the same time: %d, want at most %d", what, got, limit)
	}
}

// edgeParent is a context of a type that package context does not know. It
// counts the registrations that are on it.
type edgeParent struct {
	context.Context
	registered atomic.Int64
	slow       int // yields while it registers
}

func (*edgeParent) Value(any) any { return nil }

func (p *edgeParent) AfterFunc(f func()) func() bool {
	p.registered.Add(1)
	for range p.slow {
		runtime.Gosched()
	}
	var once sync.Once
	gone := func() { once.Do(func() { p.registered.Add(-1) }) }
	stop := context.AfterFunc(p.Context, func() { gone(); f() })
	return func() bool {
		stopped := stop()
		if stopped {
			gone()
		}
		return stopped
	}
}
