package asaptest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
)

func signaled(late bool) *flow.Flow[int, string] {
	return flow.Define("signaled", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		charge := in.Then("charge", func(_ context.Context, n int) (int, error) { return n, nil }).
			Undo(func(_ context.Context, n int) error { return fmt.Errorf("refund %d", n) })
		options := []asap.TaskOption{asap.After(charge)}
		if late {
			options = append(options, asap.Timeout(time.Hour))
		}
		approval := flow.Signal[string](g, "approval", options...)
		return approval.Then("ship", func(_ context.Context, r asap.Result[string]) (string, error) {
			if r.Value == "" {
				return "", errors.New("refused")
			}
			return r.Value, nil
		}, asap.After(flow.Sleep(g, "pause", 24*time.Hour)))
	})
}

func TestPortableSignals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, err := asaptest.Portable(t, signaled(false), 3, asaptest.Sends("approval", "ada"))
		if got != "ada" || err != nil {
			t.Errorf("Portable = %q, %v", got, err)
		}
		_, err = asaptest.Portable(t, signaled(true), 3)
		if want := "ship: refused; charge: undo: refund 3"; err == nil || err.Error() != want {
			t.Errorf("Portable = %v, want %s", err, want)
		}
		_, err = asaptest.Portable(t, signaled(false), 3)
		if want := "ship: refused; charge: undo: refund 3"; err == nil || err.Error() != want {
			t.Errorf("Portable = %v, want %s", err, want)
		}
	})
}

// What Running.Signal would refuse is a fault.
func TestPortableSendsToNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &note{TB: t}
		_, _ = asaptest.Portable(n, signaled(true), 3, asaptest.Sends("aproval", "ada"), asaptest.Sends("approval", 7))
		want := []string{
			"flow signaled: its signals: Sends sends int to approval, which takes string",
			"flow signaled: its signals: none is called aproval, to which Sends sends; it has approval",
		}
		if !slices.Equal(n.said, want) {
			t.Errorf("Portable says %q, want %q", n.said, want)
		}
	})
}
