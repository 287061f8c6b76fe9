package waterfall_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// The same pictures with the library itself, in virtual time.

func sleep[T any](d time.Duration, v T) func(context.Context) (T, error) {
	return func(context.Context) (T, error) { time.Sleep(d); return v, nil }
}

// better-all's debug example: the chart is the one of the script, to the byte.
func TestBetterAllsExample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		g := asap.New(t.Context(), asap.Name("readme"), waterfall.Print(&out))
		config := g.Go("config", sleep(50*ms, "api"))
		user := g.Go("user", sleep(120*ms, "alice"))
		posts := g.Go("posts", func(ctx context.Context) (int, error) {
			if _, err := user.Await(ctx); err != nil {
				return 0, err
			}
			time.Sleep(200 * ms)
			return 3, nil
		})
		profile := g.Go("profile", func(ctx context.Context) (int, error) {
			if _, err := user.Await(ctx); err != nil {
				return 0, err
			}
			if _, err := config.Await(ctx); err != nil {
				return 0, err
			}
			time.Sleep(80 * ms)
			return 1, nil
		})
		g.Do("analytics", func(ctx context.Context) error {
			if _, err := posts.Await(ctx); err != nil {
				return err
			}
			if _, err := profile.Await(ctx); err != nil {
				return err
			}
			time.Sleep(40 * ms)
			return nil
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if want := record(t, readme).Text(100, false); out.String() != want {
			t.Errorf("Print wrote\n%s\nwant\n%s", out.String(), want)
		}
	})
}

func TestPrintFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &writes{}
		g := asap.New(t.Context(), asap.Name("checkout"), waterfall.Print(w))
		user := g.Go("user", func(context.Context) (int, error) { time.Sleep(100 * ms); return 0, errors.New("not found") })
		g.Go("config", sleep(40*ms, 1))
		g.Do("audit", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		cart := user.Then("cart", nop1)
		cart.Then("page", nop1)
		if err := g.Wait(); err == nil {
			t.Fatal("Wait() = nil, want the failure of user")
		}
		if len(w.texts) != 1 {
			t.Fatalf("Print wrote %d times, want once", len(w.texts))
		}
		for _, want := range []string{
			"checkout: failed after 100 ms, 5 tasks", "user failed at 100 ms: not found",
			"canceled: audit", "skipped: cart and page", "critical path: user 100 ms",
		} {
			if !strings.Contains(w.texts[0], want) {
				t.Errorf("text lacks %q:\n%s", want, w.texts[0])
			}
		}
	})
}

func TestR25_CyclesInWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		g := asap.New(t.Context(), waterfall.Print(&out))
		ready := make(chan bool)
		var profile *asap.Task[int]
		user := g.Go("user", func(ctx context.Context) (int, error) {
			<-ready
			return profile.Await(ctx)
		})
		profile = g.Go("profile", func(ctx context.Context) (int, error) { return user.Await(ctx) })
		close(ready)
		if err := g.Wait(); err == nil {
			t.Fatal("Wait() = nil, want a cycle")
		}
		words := strings.Join(strings.Fields(out.String()), " ")
		if !strings.Contains(words, "cycle: ") || !strings.Contains(words, "user waits for profile") || !strings.Contains(words, "profile waits for user") {
			t.Errorf("the text does not explain the cycle:\n%s", out.String())
		}
	})
}

func TestPrintNested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &writes{}
		g := asap.New(t.Context(), asap.Name("storefront"), waterfall.Print(w))
		user := g.Go("user", sleep(20*ms, 1))
		user.Do("checkout", func(ctx context.Context, _ int) error {
			inner := asap.New(ctx, asap.Name("payment"))
			stock := inner.Go("stock", sleep(30*ms, 1))
			stock.Do("charge", func(context.Context, int) error { time.Sleep(60 * ms); return nil })
			if err := inner.Wait(); err != nil {
				return err
			}
			time.Sleep(10 * ms)
			return nil
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if want := record(t, scripts["nested"]).Text(100, false); len(w.texts) != 1 || w.texts[0] != want {
			t.Errorf("Print wrote %d times\n%s\nwant once\n%s", len(w.texts), strings.Join(w.texts, "\n"), want)
		}
	})
}

// An option may be given to any number of groups, also to a nested one whose
// outer group has another observer.
func TestPrintOfANestedGroupOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		w := &writes{}
		print := waterfall.Print(w)
		g := asap.New(t.Context(), asap.Observe(&rec))
		for range 2 {
			g.Do("body", func(ctx context.Context) error {
				time.Sleep(10 * ms)
				inner := asap.New(ctx, asap.Name("inner"), print)
				inner.Go("a", sleep(5*ms, 1))
				return inner.Wait()
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if len(w.texts) != 2 {
			t.Fatalf("Print wrote %d times, want once for each of 2 groups", len(w.texts))
		}
		for _, text := range w.texts {
			if !strings.HasPrefix(text, "inner: succeeded after 5 ms, 1 task") {
				t.Errorf("text of a nested group:\n%s", text)
			}
		}
		if run := rec.Run(); len(run.Tasks) != 4 || len(run.Groups) != 3 || run.Makespan != 15*ms {
			t.Errorf("the outer recorder has %d tasks of %d groups in %v, want 4 of 3 in 15ms", len(run.Tasks), len(run.Groups), run.Makespan)
		}
	})
}

type panics struct{}

func (panics) Start(ctx context.Context, e asap.Event) context.Context { return ctx }
func (panics) Observe(e asap.Event) {
	if e.Kind == asap.Started {
		panic("no space left")
	}
}

func TestPrintSaysThatAnObserverWasDropped(t *testing.T) {
	var out bytes.Buffer
	g := asap.New(t.Context(), asap.Observe(panics{}), waterfall.Print(&out))
	g.Go("user", nop)
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(out.String()), " ")
	if want := `an observer panicked at the Started event of "user" and was dropped: no space left`; !strings.Contains(words, want) {
		t.Errorf("text lacks %q:\n%s", want, out.String())
	}
}

// A stuck run explains itself while it is stuck.
func TestR25_StuckWaitsInWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		release := make(chan bool)
		g := asap.New(t.Context(), asap.Name("checkout"), asap.Observe(&rec))
		quote := g.Go("quote", func(context.Context) (int, error) { <-release; return 1, nil })
		cart := g.Go("cart", func(ctx context.Context) (int, error) { return quote.Await(ctx) })
		cart.Do("page", func(context.Context, int) error { return nil })
		time.Sleep(3 * time.Second)
		synctest.Wait()
		run := rec.Run()
		want := "quote has been running for 3 s; waiting for it: cart (for 3 s) and page (for 3 s, through cart)"
		if got := run.Explain(); len(got) != 1 || got[0] != want {
			t.Errorf("Explain() = %q, want %q", got, want)
		}
		if run.Ended || run.Makespan != 3*time.Second {
			t.Errorf("Run: ended %t after %v, want false after 3s", run.Ended, run.Makespan)
		}
		if text := run.Text(80, false); !strings.HasPrefix(text, "checkout: running for 3 s, 3 tasks") {
			t.Errorf("text:\n%s", text)
		}
		close(release)
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := rec.Run().Explain(); len(got) != 0 {
			t.Errorf("after the end Explain() = %q, want nothing", got)
		}
	})
}

func TestRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		g := asap.New(t.Context(), asap.Observe(&rec))
		loser := func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
		fails := func(context.Context) (int, error) { time.Sleep(5 * ms); return 0, errors.New("down") }
		mirror := g.Race("mirror", loser, sleep(30*ms, 1), fails)
		mirror.Do("page", func(context.Context, int) error { time.Sleep(10 * ms); return nil })
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		run := rec.Run()
		path := run.CriticalPath()
		if len(path) != 2 || path[0].Name != "mirror[1]" || path[1].Name != "page" {
			t.Errorf("critical path = %+v, want mirror[1], page", path)
		}
		p, err := run.WhatIf(waterfall.Speed("mirror[1]", 0.5))
		if err != nil || p.Baseline != 40*ms || p.Makespan != 25*ms {
			t.Errorf("WhatIf = %+v, %v, want 25ms instead of 40ms", p, err)
		}
	})
}

func TestEarlyExit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		g := asap.New(t.Context(), waterfall.Print(&out))
		hit := g.NewExit[string]()
		g.Do("cache", func(context.Context) error { time.Sleep(10 * ms); return hit.With("page") })
		g.Do("database", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"exited after 10 ms", "» exited", "critical path: cache 10 ms"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("text lacks %q:\n%s", want, out.String())
			}
		}
	})
}
