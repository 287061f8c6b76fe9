package order_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/examples/order"
	"github.com/asap-go/asap/flow"
)

// shop is the services in virtual time: each call takes a second but for carriers, which
// take as long as they say.
type shop struct {
	carriers map[string]time.Duration // of those that answer
	mu       sync.Mutex
	log      []string
}

func (s *shop) did(what, who string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, what+" "+who)
	return who
}

func (s *shop) call(ctx context.Context, d time.Duration, what, who string) (string, error) {
	select {
	case <-time.After(d):
		return s.did(what, who), nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (s *shop) undo(what, who string) error {
	time.Sleep(time.Second)
	s.did(what, who)
	return nil
}

func (s *shop) Reserve(ctx context.Context, o order.Order) (string, error) {
	return s.call(ctx, time.Second, "reserve", o.ID)
}

func (s *shop) Charge(ctx context.Context, o order.Order) (string, error) {
	return s.call(ctx, time.Second, "charge", fmt.Sprint(o.Amount))
}

func (s *shop) Book(ctx context.Context, carrier string, _ order.Order) (string, error) {
	d, answers := s.carriers[carrier]
	if !answers {
		return "", errors.New(carrier + " is on strike")
	}
	return s.call(ctx, d, "book", carrier)
}

func (s *shop) Release(_ context.Context, shelf string) error { return s.undo("release", shelf) }
func (s *shop) Refund(_ context.Context, paid string) error   { return s.undo("refund", paid) }
func (s *shop) Unbook(_ context.Context, pickup string) error { return s.undo("unbook", pickup) }

var both = map[string]time.Duration{"post": 3 * time.Second, "bike": 2 * time.Second}

func TestOrder(t *testing.T) {
	approve := func(t *testing.T, r *flow.Running[string], a order.Approval) {
		if err := r.Signal(t.Context(), "approval", a); err != nil {
			t.Error(err)
		}
	}
	cancelAfter := func(d time.Duration) func(*testing.T, *flow.Running[string]) {
		return func(t *testing.T, r *flow.Running[string]) {
			approve(t, r, order.Approval{By: "ada", OK: true})
			time.Sleep(d)
			if err := r.Cancel(t.Context(), errors.New("customer has left")); err != nil {
				t.Error(err)
			}
		}
	}
	for _, c := range []struct {
		name      string
		carriers  map[string]time.Duration
		do        func(t *testing.T, r *flow.Running[string])
		want, err string
		log       string
		took      time.Duration
	}{
		{name: "approved after an hour", do: func(t *testing.T, r *flow.Running[string]) {
			time.Sleep(time.Hour)
			approve(t, r, order.Approval{By: "ada", OK: true})
		}, want: "bike", log: "reserve 7, charge 30, book bike", took: time.Hour + 2*time.Second},
		{name: "approved while it is charged", do: func(t *testing.T, r *flow.Running[string]) {
			approve(t, r, order.Approval{By: "ada", OK: true})
		}, want: "bike", log: "reserve 7, charge 30, book bike", took: 4 * time.Second},
		{name: "refused", do: func(t *testing.T, r *flow.Running[string]) {
			time.Sleep(time.Hour)
			approve(t, r, order.Approval{By: "eve"})
		}, err: "approved: refused by eve", log: "reserve 7, charge 30, refund 30, release 7", took: time.Hour + 2*time.Second},
		{name: "forgotten", err: "approved: approval: timeout 24h0m0s", log: "reserve 7, charge 30, refund 30, release 7",
			took: order.Patience + 4*time.Second},
		{name: "one carrier on strike", carriers: map[string]time.Duration{"post": 3 * time.Second}, do: func(t *testing.T, r *flow.Running[string]) {
			approve(t, r, order.Approval{By: "ada", OK: true})
		}, want: "post", log: "reserve 7, charge 30, book post", took: 5 * time.Second},
		{name: "no carrier", carriers: map[string]time.Duration{}, do: func(t *testing.T, r *flow.Running[string]) {
			approve(t, r, order.Approval{By: "ada", OK: true})
		}, err: "carrier: carrier[0]: post is on strike; carrier[1]: bike is on strike", log: "reserve 7, charge 30, refund 30, release 7", took: 4 * time.Second},
		{name: "canceled while it is reserved", do: cancelAfter(500 * time.Millisecond),
			err: "group order (running: stock): customer has left", took: 500 * time.Millisecond},
		{name: "canceled while it is charged", do: cancelAfter(1500 * time.Millisecond), err: "group order (running: charge): customer has left",
			log: "reserve 7, release 7", took: 2500 * time.Millisecond},
		{name: "canceled while the carriers race", do: cancelAfter(3 * time.Second), err: "group order (running: carrier[0], carrier[1]): customer has left",
			log: "reserve 7, charge 30, refund 30, release 7", took: 5 * time.Second},
		{name: "canceled in the approval", do: func(t *testing.T, r *flow.Running[string]) {
			time.Sleep(time.Hour)
			if err := r.Cancel(t.Context(), errors.New("customer has left")); err != nil {
				t.Error(err)
			}
		}, err: "group order (running: approval): customer has left", log: "reserve 7, charge 30, refund 30, release 7", took: time.Hour + 2*time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &shop{carriers: both}
				if c.carriers != nil {
					s.carriers = c.carriers
				}
				began := time.Now()
				r := order.New(s).Start(t.Context(), order.Order{ID: "7", Amount: 30})
				if c.do != nil {
					c.do(t, r)
				}
				got, err := r.Wait(t.Context())
				text := ""
				if err != nil {
					text = err.Error()
				}
				if got != c.want || sortedRunning(text) != c.err {
					t.Errorf("Wait = %q, %v, want %q, %s", got, err, c.want, c.err)
				}
				if log := strings.Join(s.log, ", "); log != c.log {
					t.Errorf("happened: %s, want %s", log, c.log)
				}
				if took := time.Since(began); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
			})
		})
	}
}

// sortedRunning puts the two carriers, which end at one instant, in order.
func sortedRunning(text string) string {
	return strings.Replace(text, "carrier[1], carrier[0]", "carrier[0], carrier[1]", 1)
}

// TestPortable: the same definition can run on an engine whose workers are elsewhere.
func TestPortable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := order.New(&shop{carriers: both})
		got, err := asaptest.Portable(t, f, order.Order{ID: "7", Amount: 30}, asaptest.Sends("approval", order.Approval{By: "ada", OK: true}))
		if got != "bike" || err != nil {
			t.Errorf("Portable = %q, %v", got, err)
		}
	})
}

func Example() {
	s := &shop{carriers: map[string]time.Duration{"bike": 0}}
	run := order.New(s).Start(context.Background(), order.Order{ID: "7", Amount: 30})
	_ = run.Signal(context.Background(), "approval", order.Approval{By: "eve"})
	_, err := run.Wait(context.Background())
	fmt.Println(asap.Cause(err), errors.Is(err, order.ErrRefused))
	fmt.Println(strings.Join(s.log, ", "))
	// Output:
	// refused by eve true
	// reserve 7, charge 30, refund 30, release 7
}
