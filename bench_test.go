package asap_test

import (
	"context"
	"testing"

	"github.com/asap-go/asap"
)

func BenchmarkThree(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		g := asap.New(context.Background())
		user := g.Go("user", func(context.Context) (int, error) { return 1, nil })
		g.Go("config", func(context.Context) (int, error) { return 1, nil })
		user.Then("profile", func(_ context.Context, u int) (int, error) { return u, nil })
		g.Wait()
	}
}

func BenchmarkChain(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		g := asap.New(context.Background())
		t := g.Go("first", func(context.Context) (int, error) { return 1, nil })
		for range 999 {
			t = t.Then("next", func(_ context.Context, v int) (int, error) { return v, nil })
		}
		g.Wait()
	}
}

func BenchmarkWide(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		g := asap.New(context.Background())
		for range 100_000 {
			g.Go("task", func(context.Context) (int, error) { return 1, nil })
		}
		g.Wait()
	}
}
