package waterfall_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// atOnce awaits the tasks in a goroutine each, and goes on when all of them do.
func atOnce(ctx context.Context, tasks ...*asap.Task[struct{}]) {
	var all sync.WaitGroup
	for _, t := range tasks {
		all.Go(func() { _, _ = t.Await(ctx) })
	}
	all.Wait()
}

// waitsOf are a task's waits, in words.
func waitsOf(run *waterfall.Run, name string) (waits []string) {
	for _, p := range run.Task(name).Pieces {
		if p.State == waterfall.Blocked {
			waits = append(waits, wait(run, p.On, p.Start, p.End))
		}
	}
	return waits
}

func wait(run *waterfall.Run, on asap.ID, start, end time.Duration) string {
	i := slices.IndexFunc(run.Tasks, func(t waterfall.Task) bool { return t.ID == on })
	return fmt.Sprintf("%s %v-%v", run.Tasks[i].Name, start, end)
}

// Of goroutines of a body that wait at once the record has all that they wait for, and
// that they are several; so it has outside of bodies, and so has the JSON.
func TestSeveral(t *testing.T) {
	run := recordBubble(t, func(ctx context.Context, g *asap.Group) {
		slow, quick := g.Do("slow", deafly(30*ms)), g.Do("quick", deafly(10*ms))
		late := g.Do("late", deafly(40*ms))
		g.Do("both", func(ctx context.Context) error { atOnce(ctx, slow, quick, late); return nil })
		g.Do("one", func(ctx context.Context) error { atOnce(ctx, slow); atOnce(ctx, late); return nil })
		g.Do("blocking", func(ctx context.Context) error {
			return asap.Blocking(ctx, func() error { atOnce(ctx, slow); return nil })
		})
		atOnce(ctx, slow, quick)
	})
	if err := run.Validate(); err != nil {
		t.Error(err)
	}
	for task, want := range map[string]bool{"both": true, "one": false, "blocking": false} {
		if got := run.Task(task).Several; got != want {
			t.Errorf("%s: Several = %t, want %t", task, got, want)
		}
	}
	all := strings.Join(waitsOf(run, "both"), ", ")
	for _, name := range []string{"slow", "quick", "late"} { // the order is that of Go's scheduler
		if !strings.Contains(all, name) {
			t.Errorf("both: waits %s, want one for %s", all, name)
		}
	}
	if g := run.Groups[0]; !g.Several || len(g.Waits) != 2 {
		t.Errorf("Groups[0]: Several = %t, Waits = %v, want two", g.Several, g.Waits)
	}
	var b bytes.Buffer
	if err := run.Write(&b, waterfall.JSON); err != nil {
		t.Fatal(err)
	}
	back, err := waterfall.ReadJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	if !back.Task("both").Several || back.Task("one").Several || !back.Groups[0].Several {
		t.Error("the JSON has lost where several waited at once")
	}
}

// A body of which several goroutines wait at once goes on when all of them do, and the
// prediction says that it assumes that, unless nothing hangs on it.
func TestWhatIfSeveral(t *testing.T) {
	run := recordBubble(t, func(ctx context.Context, g *asap.Group) {
		slow, quick := g.Do("slow", deafly(30*ms)), g.Do("quick", deafly(10*ms))
		after := g.Do("after", func(ctx context.Context) error { atOnce(ctx, slow, quick); time.Sleep(5 * ms); return nil })
		g.Do("side", func(ctx context.Context) error { atOnce(ctx, slow, quick); return nil })
		g.Do("mail", deafly(60*ms), asap.Needs(after))
		g.Do("other", deafly(20*ms))
	})
	for _, tt := range []struct {
		change waterfall.Change
		want   time.Duration
		says   string
	}{
		{waterfall.Speed("slow", .9), 75 * ms, "after"}, // quick ends at 10 ms, and slow at 3
		{waterfall.Speed("quick", -2.5), 100 * ms, "after"},
		{waterfall.Speed("after", .5), 92*ms + ms/2, "after"},
		{waterfall.Speed("other", .5), 95 * ms, ""},
		{waterfall.Speed("mail", .5), 65 * ms, ""},
	} {
		got, err := run.WhatIf(tt.change)
		if err != nil {
			t.Fatal(err)
		}
		if got.Makespan != tt.want {
			t.Errorf("%v: predicted %v, want %v", tt.change, got.Makespan, tt.want)
		}
		says := strings.Join(got.Assumes, "; ")
		if says != "" != (tt.says != "") || !strings.HasPrefix(says, tt.says) {
			t.Errorf("%v: assumes %q, want %q", tt.change, says, tt.says)
		}
		if tt.says != "" && !strings.Contains(says, ", of which several goroutines wait at once, goes on when the last of them does") {
			t.Errorf("%v: assumes %q", tt.change, says)
		}
	}
}

// So of callers: what they declare after that hangs on all.
func TestWhatIfSeveralCallers(t *testing.T) {
	run := recordBubble(t, func(ctx context.Context, g *asap.Group) {
		slow, quick := g.Do("slow", deafly(30*ms)), g.Do("quick", deafly(10*ms))
		atOnce(ctx, slow, quick)
		g.Do("then", deafly(20*ms))
	})
	got, err := run.WhatIf(waterfall.Speed("slow", .9))
	if err != nil {
		t.Fatal(err)
	}
	if got.Makespan != 30*ms {
		t.Errorf("predicted %v, want 30ms", got.Makespan)
	}
	if want := "the caller, of which several goroutines wait at once, goes on when the last of them does"; !slices.Equal(got.Assumes, []string{want}) {
		t.Errorf("assumes %q, want %q", got.Assumes, want)
	}
}
