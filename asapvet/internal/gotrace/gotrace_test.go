package gotrace_test

import (
	"bytes"
	"io"
	"os"
	"runtime/trace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap/asapvet/internal/gotrace"
)

// The functions of the traces. A marker says which line is which.

//go:noinline
func three(a, b, c chan int) {
	<-a // a
	<-b // b
	<-c // c
}

//go:noinline
func rounds(all []chan int) {
	for _, c := range all {
		one(c) // round
	}
}

func one(c chan int) { <-c }

//go:noinline
func generic[T any](c chan T) {
	<-c // generic
}

func line(t *testing.T, marker string) int {
	t.Helper()
	data, err := os.ReadFile("gotrace_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range strings.Split(string(data), "\n") {
		if strings.HasSuffix(l, "// "+marker) {
			return i + 1
		}
	}
	t.Fatalf("no line %q", marker)
	return 0
}

const pkg = "github.com/asap-go/asap/asapvet/internal/gotrace_test."

// record records a program. Nothing else may be recorded at the same time, so none of
// these tests is parallel.
func record(t *testing.T, f func()) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := trace.Start(&b); err != nil {
		t.Skip(err) // the tests themselves are traced
	}
	f()
	trace.Stop()
	return b.Bytes()
}

// waiting lets a function wait in a goroutine of its own for n channels, in an order.
// Each is sent to when the goroutine waits for it, which a bubble can tell.
func waiting(t *testing.T, n int, f func(c []chan int), order ...int) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		c := make([]chan int, n)
		for i := range c {
			c[i] = make(chan int)
		}
		done := make(chan struct{})
		go func() { f(c); close(done) }()
		for _, i := range order {
			synctest.Wait()
			c[i] <- 1
		}
		<-done
	})
}

func TestLines(t *testing.T) {
	data := record(t, func() {
		for range 3 {
			waiting(t, 3, func(c []chan int) { three(c[0], c[1], c[2]) }, 0, 1, 2)
		}
	})
	p, err := gotrace.Read(bytes.NewReader(data), []gotrace.Func{{Name: pkg + "three", File: "gotrace/gotrace_test.go"}})
	if err != nil || p.Broken != nil {
		t.Fatal(err, p.Broken)
	}
	if len(p.Calls) != 3 || p.Cut != 0 {
		t.Fatalf("%d calls and %d cut, want 3 and 0", len(p.Calls), p.Cut)
	}
	for _, call := range p.Calls {
		if len(call.Waits) != 3 {
			t.Fatalf("waits %v, want 3", call.Waits)
		}
		for i, marker := range []string{"a", "b", "c"} {
			w := call.Waits[i]
			if w.Line != line(t, marker) || w.Blocked <= 0 || w.Blocked > w.Took() || w.Again {
				t.Errorf("wait %d is %+v, want one of line %d", i, w, line(t, marker))
			}
			if i > 0 && w.From != call.Waits[i-1].To {
				t.Errorf("wait %d begins at %v, and the one before ends at %v", i, w.From, call.Waits[i-1].To)
			}
		}
	}
	if sums := gotrace.Lines(p.Calls); len(sums) != 3 || sums[0].Count != 3 {
		t.Errorf("lines %v, want three that came three times", sums)
	}
}

// Calls that follow each other in one goroutine, without a wait between, are two
// because a function without loops does not go back.
func TestAgain(t *testing.T) {
	data := record(t, func() {
		waiting(t, 3, func(c []chan int) {
			for range 2 {
				three(c[0], c[1], c[2])
			}
		}, 0, 1, 2, 0, 1, 2)
	})
	p, err := gotrace.Read(bytes.NewReader(data), []gotrace.Func{{Name: pkg + "three", File: "gotrace/gotrace_test.go"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Calls) != 2 || len(p.Calls[0].Waits) != 3 || len(p.Calls[1].Waits) != 3 {
		t.Errorf("calls %v, want two of three waits", p.Calls)
	}
}

// The rounds of a loop are one call's.
func TestRounds(t *testing.T) {
	data := record(t, func() {
		waiting(t, 1, func(c []chan int) { rounds([]chan int{c[0], c[0], c[0]}) }, 0, 0, 0)
	})
	always := func(from, to int) bool { return true }
	p, err := gotrace.Read(bytes.NewReader(data), []gotrace.Func{
		{Name: pkg + "rounds", File: "gotrace/gotrace_test.go", Loops: always},
		{Name: pkg + "rounds", File: "gotrace/other_test.go", Loops: always},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Calls) != 1 || len(p.Calls[0].Waits) != 3 {
		t.Fatalf("calls %v, want one of three waits", p.Calls)
	}
	for i, w := range p.Calls[0].Waits {
		if w.Line != line(t, "round") || w.Again != (i > 0) {
			t.Errorf("wait %d is %+v", i, w)
		}
	}
}

func TestGeneric(t *testing.T) {
	data := record(t, func() { waiting(t, 1, func(c []chan int) { generic(c[0]) }, 0) })
	p, err := gotrace.Read(bytes.NewReader(data), []gotrace.Func{{Name: pkg + "generic", File: "gotrace/gotrace_test.go"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Calls) != 1 || p.Calls[0].Waits[0].Line != line(t, "generic") {
		t.Errorf("calls %v, want one", p.Calls)
	}
}

// A call that is under way when the trace begins or ends is counted, and not measured.
func TestCut(t *testing.T) {
	a, b, c := make(chan int), make(chan int), make(chan int)
	done := make(chan struct{})
	go func() { three(a, b, c); close(done) }()
	a <- 1
	data := record(t, func() {
		b <- 1
		time.Sleep(5 * time.Millisecond)
		c <- 1
		<-done
	})
	p, err := gotrace.Read(bytes.NewReader(data), []gotrace.Func{{Name: pkg + "three", File: "gotrace/gotrace_test.go"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Calls) != 0 || p.Cut > 1 {
		t.Errorf("%d calls and %d cut, want none whole", len(p.Calls), p.Cut)
	}
}

func TestNoTrace(t *testing.T) {
	for _, text := range []string{"", "text", "go 1.26 trace\x00\x00\x00", strings.Repeat("x", 1<<16)} {
		if p, err := gotrace.Read(strings.NewReader(text), nil); err == nil && p.Broken == nil && text != "go 1.26 trace\x00\x00\x00" {
			t.Errorf("Read(%.10q) has no error", text)
		}
	}
}

// What is cut off in the middle counts as far as it goes.
func TestBroken(t *testing.T) {
	data := record(t, func() {
		waiting(t, 3, func(c []chan int) { three(c[0], c[1], c[2]) }, 0, 1, 2)
	})
	for n := range 20 {
		_, _ = gotrace.Read(io.LimitReader(bytes.NewReader(data), int64(len(data)*n/20)), nil)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("go 1.26 trace\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = gotrace.Read(bytes.NewReader(data), []gotrace.Func{{Name: "main.main", File: "main.go"}})
	})
}
