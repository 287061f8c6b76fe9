package rules_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/waterfall"
)

func TestF8_AbortHandler(t *testing.T) {
	abort := func(context.Context) error { panic(http.ErrAbortHandler) }
	nested := func(ctx context.Context) error {
		in := asap.New(ctx)
		in.Do("inner", abort)
		return in.Wait()
	}
	for name, body := range map[string]func(context.Context) error{"body": abort, "nested": nested} {
		for i, options := range [][]asap.Option{nil, {asap.Settled()}, {asap.Name("g")}} {
			virtual(t, fmt.Sprint(name, i), func(t *testing.T) {
				tape := newTape(t)
				g := asap.New(t.Context(), append(options, asap.Observe(tape))...)
				x := g.Do("x", body)
				if e := ended(g.Wait); e.panicked != http.ErrAbortHandler {
					t.Errorf("Wait: %+v, want http.ErrAbortHandler itself", e)
				}
				for _, e := range tape.events {
					if p, ok := e.Err.(*asap.PanicError); e.Kind == asap.Ended && (!ok || p.Value != http.ErrAbortHandler || len(p.Stack) == 0) {
						t.Errorf("event: %+v, want the PanicError", e)
					}
				}
				if _, err := x.Await(t.Context()); !errors.Is(err, http.ErrAbortHandler) {
					t.Errorf("Await: %v", err)
				}
			})
		}
	}
	virtual(t, "Stop", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("x", func(ctx context.Context) error { time.Sleep(sec); return abort(ctx) })
		time.Sleep(ms)
		if e := ended(func() error { g.Stop(); return nil }); e.panicked != http.ErrAbortHandler {
			t.Errorf("Stop: %+v", e)
		}
	})
	virtual(t, "others are wrapped", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("x", func(context.Context) error { panic(fmt.Errorf("%w", http.ErrAbortHandler)) })
		if p, ok := ended(g.Wait).panicked.(*asap.PanicError); !ok || p.Task != "x" {
			t.Errorf("Wait: %v", p)
		}
	})
	t.Run("behind a middleware that compares it", func(t *testing.T) {
		recovers := func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if v := recover(); v == http.ErrAbortHandler {
					panic(v)
				}
			}()
			io.WriteString(w, strings.Repeat("half", 10_000))
			g := asap.New(r.Context())
			g.Do("rest", abort)
			g.Wait()
		}
		s := httptest.NewServer(http.HandlerFunc(recovers))
		defer s.Close()
		resp, err := http.Get(s.URL)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if err == nil {
			t.Error("the client takes half an answer for a whole one")
		}
	})
}

// nilError is an error that a body returns as a nil pointer.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

type panicsError struct{}

func (panicsError) Error() string { panic("no text") }

func TestF9_ErrorsWithoutAText(t *testing.T) {
	rows := map[string]struct {
		err  error
		text string
	}{
		"nil pointer": {(*nilError)(nil), "a nil *rules_test.nilError"},
		"panics":      {panicsError{}, "a rules_test.panicsError whose Error method panics: no text"},
		"joined":      {errors.Join(panicsError{}), "a *errors.joinError whose Error method panics: no text"},
	}
	for name, row := range rows {
		for label, declare := range edgeReturns {
			for _, late := range []bool{false, true} { // also when the group has ended, and the error is asked whether it is an echo
				edgeBubble(t, fmt.Sprint(name, label, late), func(t *testing.T) {
					var text strings.Builder
					g := asap.New(t.Context(), asap.Settled(), waterfall.Print(&text))
					declare(g, func(context.Context) (int, error) { time.Sleep(2 * sec); return 0, row.err })
					var stop sync.WaitGroup
					if late {
						stop.Go(func() { time.Sleep(sec); g.Stop() })
					}
					e := edgeEnded(g.Wait)
					stop.Wait()
					if e.panicked != nil || e.goexited {
						t.Fatalf("Wait: %+v, want an error", e)
					}
					all := text.String()
					if e.err != nil {
						all += e.err.Error()
					}
					if ge, ok := e.err.(*asap.GroupError); ok {
						for _, err := range ge.Unwrap() {
							all += err.Error()
						}
					}
					if strings.Contains(all, "%!v") || label != "loses[1]" && !strings.Contains(all, label) {
						t.Errorf("Wait: %v, want the name %s\n%s", e.err, label, &text)
					}
				})
			}
		}
		virtual(t, name+", its text", func(t *testing.T) {
			g := asap.New(t.Context())
			g.Go("user", fails(0, row.err))
			err := g.Wait()
			wantText(t, "Wait", err, "user: "+row.text)
			data, fail := err.(*asap.GroupError).MarshalJSON()
			if fail != nil || !strings.Contains(string(data), "user") {
				t.Errorf("MarshalJSON: %s, %v", data, fail)
			}
		})
	}
	virtual(t, "an empty name", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		a := g.Go("", fails(0, errBoom))
		g.Map("", g.Input("in", []int{1}), func(context.Context, int) (int, error) { time.Sleep(sec); return 0, errBoom })
		wantText(t, "Wait", g.Wait(), "2 tasks failed: task: boom; task[0]: boom")
		if a.Name() != "" {
			t.Errorf("Name: %q", a.Name())
		}
	})
}

func TestF12_Numbers(t *testing.T) {
	declare := func(g *asap.Group) {
		g.Go("user", after(0, 1))
		g.Go("user", fails(sec, errBoom)).Then("page", never1[int](t))
		ids := g.Input("ids", []int{1, 2})
		likes := func(context.Context, int) (int, error) { return 1, nil }
		g.Map("likes", ids, likes)
		g.Map("likes", ids, func(_ context.Context, id int) (int, error) { time.Sleep(2 * sec); return 0, fmt.Errorf("no %d", id) })
		g.Go("mirror", fails(4*sec, errBoom))
		g.Race("mirror", fails(5*sec, errBoom))
		x := g.Go("x", after(6*sec, 1))
		g.Go("x", func(ctx context.Context) (int, error) { time.Sleep(7 * sec); x.Await(ctx); panic("ouch") })
	}
	for name, options := range map[string][]asap.Option{
		"observed": {asap.Settled(), asap.Observe(newTape(t))},
		"recorded": {asap.Settled(), asap.Observe(new(waterfall.Recorder))},
		"alone":    {asap.Settled()},
		"named":    {asap.Settled(), asap.Name("g")},
	} {
		virtual(t, name, func(t *testing.T) {
			g := asap.New(t.Context(), options...)
			declare(g)
			e := ended(g.Wait)
			p, ok := e.panicked.(*asap.PanicError)
			if !ok {
				t.Fatalf("Wait: %+v, want a panic", e)
			}
			want := "x"
			if name == "observed" || name == "recorded" {
				want = "x#2"
			}
			if p.Task != want {
				t.Errorf("PanicError of %s, want %s", p.Task, want)
			}
		})
	}
	virtual(t, "texts", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled(), asap.Observe(newTape(t)))
		g.Go("user", after(0, 1))
		user := g.Go("user", fails(sec, errBoom))
		page := user.Then("page", never1[int](t))
		again := user.Then("page", never1[int](t))
		ids := g.Input("ids", []int{1})
		g.Map("likes", ids, func(context.Context, int) (int, error) { return 1, nil })
		g.Map("likes", ids, func(context.Context, int) (int, error) { time.Sleep(2 * sec); return 0, errBoom })
		g.Go("price#2", after(0, 1))
		g.Go("price", after(0, 1))
		g.Go("price", fails(3*sec, errBoom))
		wantText(t, "Wait", g.Wait(), "3 tasks failed: user#2: boom; likes[0]#2: boom; price#3: boom")
		wantText(t, "page", page.Result().Err, "page skipped: user#2: boom")
		wantText(t, "page#2", again.Result().Err, "page#2 skipped: user#2: boom")
	})
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		body := func(_ context.Context, v int) (int, error) {
			if v == 2 {
				return 0, errBoom
			}
			return v + 1, nil
		}
		return in.Then("price", body).Then("price", body).Then("price", body)
	})
	for name, options := range map[string][]asap.Option{"flow": nil, "executor": {flow.On(new(inline))}} {
		virtual(t, name, func(t *testing.T) {
			for in, want := range map[int]string{2: "price: boom", 1: "price#2: boom", 0: "price#3: boom"} {
				_, err := f.With(options...).Run(t.Context(), in)
				wantText(t, "Run", err, want)
			}
		})
	}
}

// inline runs bodies as they come.
type inline struct{ done []func() }

func (x *inline) Start(c *flow.Call, done func(error)) {
	x.done = append(x.done, func() { done(c.Run(context.Background())) })
}
func (x *inline) Step() error {
	all := x.done
	x.done = nil
	for _, f := range all {
		f()
	}
	return nil
}
func (x *inline) Cancel(error) {}

func TestF13_EachOnce(t *testing.T) {
	for i, options := range [][]asap.Option{nil, {asap.Settled()}} {
		virtual(t, fmt.Sprint(i), func(t *testing.T) {
			var text strings.Builder
			g := asap.New(t.Context(), append(options, waterfall.Print(&text))...)
			g.Race("mirror", fails(2*sec, errors.New("down")), fails(sec, errors.New("gone")))
			err := g.Wait()
			wantText(t, "Wait", err, "mirror: mirror[0]: down; mirror[1]: gone")
			for _, cause := range []string{"down", "gone"} {
				if n := strings.Count(text.String(), cause); n != 1 {
					t.Errorf("%s is printed %d times:\n%s", cause, n, &text)
				}
			}
		})
	}
	virtual(t, "a function that failed while another won", func(t *testing.T) {
		var text strings.Builder
		g := asap.New(t.Context(), waterfall.Print(&text))
		g.Race("mirror", after(2*sec, 1), fails(sec, errors.New("gone")))
		wantNil(t, "Wait", g.Wait())
		if n := strings.Count(text.String(), "gone"); n != 1 {
			t.Errorf("printed %d times:\n%s", n, &text)
		}
	})
}

func TestR12_Counts(t *testing.T) {
	virtual(t, "what failed after the first", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Name("cart"))
		g.Go("user", fails(sec, errors.New("not found")))
		g.Go("a", fails(2*sec, errBoom))
		g.Go("b", fails(3*sec, errBoom))
		err := g.Wait()
		wantText(t, "Wait", err, "user: not found (and 2 more after it)")
		wantFailed(t, err, "user", "a", "b")
	})
	virtual(t, "nested texts", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("items", func(ctx context.Context) error {
			in := asap.New(ctx)
			in.Map("item", in.Input("ids", []int{1, 2}), func(ctx context.Context, id int) (int, error) {
				item := asap.New(ctx)
				item.Go("product", func(ctx context.Context) (int, error) {
					if id == 1 {
						return obeys(ctx)
					}
					return 0, errBoom
				})
				return 1, item.Wait()
			})
			return in.Wait()
		})
		wantText(t, "Wait", g.Wait(), "items: item[1]: product: boom")
	})
}

func TestR33_Cause(t *testing.T) {
	virtual(t, "what the body returned", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled(), asap.Name("g"))
		user := g.Go("user", fails(sec, errBoom))
		page := user.Then("page", never1[int](t))
		wrapped := g.Do("wrapped", func(ctx context.Context) error { _, err := user.Await(ctx); return fmt.Errorf("no user: %w", err) })
		nested := g.Do("nested", func(ctx context.Context) error {
			in := asap.New(ctx)
			in.Go("inner", fails(sec, errBoom))
			return in.Wait()
		})
		race := g.Race("race", fails(sec, errBoom), fails(0, errors.New("other")))
		plain := g.Go("plain", func(ctx context.Context) (int, error) { return asap.Plain(user.Await(ctx)) })
		err := g.Wait()
		for name, err := range map[string]error{"Wait": err, "page": page.Result().Err, "wrapped": wrapped.Result().Err,
			"nested": nested.Result().Err, "race": race.Result().Err, "plain": plain.Result().Err} {
			if got := asap.Cause(err); got != errBoom {
				t.Errorf("Cause of %s, %v: got %v", name, err, got)
			}
		}
		own := fmt.Errorf("own: %w", err)
		if asap.Cause(own) != own || asap.Cause(nil) != nil {
			t.Error("Cause of what is none of ours is not itself")
		}
	})
	virtual(t, "of an end from outside", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), sec)
		defer cancel()
		g := asap.New(ctx)
		g.Go("slow", calls)
		if got := asap.Cause(g.Wait()); got != context.DeadlineExceeded {
			t.Errorf("Cause: %v", got)
		}
	})
}
