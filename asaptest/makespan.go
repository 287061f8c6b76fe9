package asaptest

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// AssertMakespan runs f in virtual time, in a bubble of [synctest.Test], and
// fails t unless f returns nil after exactly want of it. In virtual time work
// takes none and time.Sleep takes what it says, so the makespan is the longest
// chain of waits in f, to the nanosecond, on any machine: bodies stand in for
// services by sleeping as long as these take.
//
// Groups that f makes with ctx are recorded; the message shows their critical
// path, with the task that added to it. A panic or Goexit in f fails t as in
// any test. AssertMakespan must not be called in a bubble.
func AssertMakespan(t *testing.T, want time.Duration, f func(ctx context.Context) error) {
	t.Helper()
	got, path, err := makespan(t, f)
	if message := makespanMessage(got, want, err, path); message != "" {
		t.Error(message)
	}
}

// makespan makes f the only task of a group, so that every group inside it is
// a nested one, whose tasks the group's recorder sees.
func makespan(t *testing.T, f func(ctx context.Context) error) (took time.Duration, path []stretch, err error) {
	synctest.Test(t, func(t *testing.T) {
		var r waterfall.Recorder
		began := time.Now()
		g := asap.New(t.Context(), asap.Observe(&r))
		defer g.Stop()
		body := g.Do("f", func(ctx context.Context) error {
			err := f(ctx)
			took = time.Since(began)
			return err
		})
		_ = g.Wait()
		if te, ok := body.Result().Err.(*asap.TaskError); ok {
			err = te.Err
		}
		path = pathOf(r.Run())
	})
	return took, path, err
}

func makespanMessage(got, want time.Duration, err error, path []stretch) string {
	switch {
	case err != nil:
		return fmt.Sprintf("AssertMakespan: f = %v after %v, want nil after %v", err, got, want)
	case got > want:
		return fmt.Sprintf("f took %v, want %v: %v more\ncritical path: %s", got, want, got-want, writePath(path))
	case got < want:
		return fmt.Sprintf("f took %v, want %v; it got better: assert %v so that it stays\ncritical path: %s", got, want, got, writePath(path))
	}
	return ""
}
