// Seeing runs the checkout of a shop and keeps the run in a file, for the
// commands of asap:
//
//	go run ./examples/seeing > run.json
//	go run ./cmd/asap show run.json
//
// With -slow one service is slow, with -limit 2 at most two calls run at once. With
// -wide it asks for the prices of a whole catalog instead, eight at a time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

func main() {
	slow := flag.Bool("slow", false, "let the quote take three times as long")
	limit := flag.Int("limit", 0, "how many calls may run at once, 0 for all")
	wide := flag.Bool("wide", false, "ask for the prices of a catalog")
	flag.Parse()
	if *limit < 0 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	run, err := record(context.Background(), *slow, *limit)
	if *wide {
		run, err = recordCatalog(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err := run.Write(os.Stdout, waterfall.JSON); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// record runs a checkout and returns where its time went.
func record(ctx context.Context, slow bool, limit int) (*waterfall.Run, error) {
	var rec waterfall.Recorder
	options := []asap.Option{asap.Name("checkout"), asap.Observe(&rec)}
	if limit > 0 {
		options = append(options, asap.Limit(limit))
	}
	quote := 25 * time.Millisecond
	if slow {
		quote = 75 * time.Millisecond
	}
	g := asap.New(ctx, options...)
	checkout(g, quote)
	err := g.Wait()
	return rec.Run(), err
}

// checkout declares what the checkout of a shop calls; the bodies take the time
// of the services that they stand for.
func checkout(g *asap.Group, quoteTime time.Duration) {
	cart := g.Go("cart", func(ctx context.Context) ([]string, error) {
		return []string{"lamp", "chair", "rug"}, call(ctx, 8*time.Millisecond)
	})
	prices := g.Map("price", cart, func(ctx context.Context, item string) (int, error) {
		return 10 * len(item), call(ctx, time.Duration(5*len(item))*time.Millisecond)
	})
	quote := cart.Then("quote", func(ctx context.Context, _ []string) (int, error) { return 5, call(ctx, quoteTime) })
	tax := prices.Then("tax", func(ctx context.Context, _ []int) (int, error) { return 19, call(ctx, 12*time.Millisecond) })
	ads := g.Optional("ads", func(ctx context.Context) (string, error) {
		return "", errors.Join(call(ctx, 30*time.Millisecond), errors.New("no ads today"))
	})
	charge := prices.And(quote).And(tax).Then("charge", func(ctx context.Context, _ []int, _, _ int) (int, error) {
		return 1, call(ctx, 40*time.Millisecond)
	})
	charge.Do("mail", func(ctx context.Context, _ int) error { return call(ctx, 20*time.Millisecond) })
	g.Do("receipt", func(ctx context.Context) error { // finds out what it needs in its body
		if err := call(ctx, 5*time.Millisecond); err != nil {
			return err
		}
		if _, err := charge.Await(ctx); err != nil {
			return err
		}
		if _, err := ads.Await(ctx); err != nil {
			return err
		}
		return call(ctx, 10*time.Millisecond)
	})
}

// recordCatalog asks for the prices of a catalog, which is many tasks alike.
func recordCatalog(ctx context.Context) (*waterfall.Run, error) {
	var rec waterfall.Recorder
	g := asap.New(ctx, asap.Name("catalog"), asap.Observe(&rec))
	user := g.Go("user", func(ctx context.Context) (string, error) { return "ada", call(ctx, 12*time.Millisecond) })
	items := g.Go("items", func(ctx context.Context) ([]int, error) {
		items := make([]int, 150)
		for i := range items {
			items[i] = i
		}
		return items, call(ctx, 18*time.Millisecond)
	})
	prices := g.Map("price", items, func(ctx context.Context, item int) (int, error) {
		return item, call(ctx, time.Duration(4+item*item%13)*time.Millisecond)
	}, asap.Limit(8))
	prices.And(user).Then("page", func(ctx context.Context, _ []int, _ string) (string, error) {
		return "page", call(ctx, 15*time.Millisecond)
	})
	err := g.Wait()
	return rec.Run(), err
}

// call waits as long as a service takes to answer.
func call(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
