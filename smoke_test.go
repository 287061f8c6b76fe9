package asap_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

func after[T any](d time.Duration, v T) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) { time.Sleep(d); return v, nil }
}

func TestSmoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		g := asap.New(t.Context())
		u := g.Go("user", after(time.Second, 1))
		c := g.Go("config", after(10*time.Second, "c"))
		p := u.Then("profile", func(ctx context.Context, u int) (int, error) { time.Sleep(10 * time.Second); return u + 1, nil })
		page := u.And(c).And(p).Then("page", func(ctx context.Context, u int, c string, p int) (string, error) {
			return fmt.Sprint(u, c, p), nil
		})
		an := g.Go("an", func(ctx context.Context) (int, error) {
			v, err := p.Await(ctx)
			return v * 2, err
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if page.Value() != "1 c 2" && page.Value() != "1c2" {
			t.Fatal(page.Value())
		}
		t.Log(time.Since(start), page.Value(), an.Value())
	})
}

func TestSmokeFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context())
		u := g.Go("user", func(ctx context.Context) (int, error) { return 0, errors.New("not found") })
		p := u.Then("page", func(ctx context.Context, u int) (int, error) { return 0, nil })
		a := g.Go("analytics", func(ctx context.Context) (int, error) { return u.Await(ctx) })
		err := g.Wait()
		t.Log(err, p.Result().Err, a.Result().Err)
		t.Log(errors.Is(p.Result().Err, asap.ErrSkipped))
	})
}

func TestSmokeLimitCycleMapRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context(), asap.Limit(1))
		ids := g.Input("ids", []int{1, 2, 3})
		likes := g.Map("likes", ids, func(ctx context.Context, i int) (int, error) { time.Sleep(time.Second); return i * 2, nil })
		r := g.Race("r", func(ctx context.Context) (string, error) { time.Sleep(2 * time.Second); return "slow", nil },
			func(ctx context.Context) (string, error) { time.Sleep(time.Second); return "fast", nil })
		start := time.Now()
		all := g.Gather("all", likes, likes)
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		t.Log(likes.Value(), r.Value(), time.Since(start), all.Value())

		g = asap.New(t.Context())
		declared := make(chan struct{})
		var b *asap.Task[int]
		a := g.Go("a", func(ctx context.Context) (int, error) { <-declared; return b.Await(ctx) })
		b = g.Go("b", func(ctx context.Context) (int, error) { return a.Await(ctx) })
		close(declared)
		t.Log(g.Wait())
	})
}

func TestSmokePanic(t *testing.T) {
	defer func() { t.Log(recover().(*asap.PanicError).Task) }()
	g := asap.New(t.Context())
	g.Do("boom", func(ctx context.Context) error { panic("x") })
	g.Wait()
}
func TestSmokeGoexit(t *testing.T) {
	done := make(chan bool)
	go func() {
		defer close(done)
		g := asap.New(context.Background())
		defer g.Stop()
		g.Do("boom", func(ctx context.Context) error { t.SkipNow(); return nil })
		g.Wait()
		t.Error("Wait returned")
	}()
	<-done
}
func TestSmokeFlow(t *testing.T) {
	f := asap.Define("checkout", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		a := in.Then("a", func(ctx context.Context, i int) (int, error) { return i + 1, nil })
		return in.And(a).Then("b", func(ctx context.Context, i, j int) (string, error) { return fmt.Sprint(i, j), nil })
	})
	t.Log(f.Run(t.Context(), 3))
	gr, err := f.Graph()
	t.Logf("%+v %v", gr, err)
}

func BenchmarkThree(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		g := asap.New(context.Background())
		u := g.Go("user", func(context.Context) (int, error) { return 1, nil })
		g.Go("config", func(context.Context) (int, error) { return 1, nil })
		u.Then("profile", func(_ context.Context, u int) (int, error) { return u, nil })
		g.Wait()
	}
}

func BenchmarkChain(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		g := asap.New(context.Background())
		u := g.Go("user", func(context.Context) (int, error) { return 1, nil })
		for range 999 {
			u = u.Then("profile", func(_ context.Context, u int) (int, error) { return u, nil })
		}
		g.Wait()
	}
}

func BenchmarkWide(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		g := asap.New(context.Background())
		for range 100000 {
			g.Go("user", func(context.Context) (int, error) { return 1, nil })
		}
		g.Wait()
	}
}
