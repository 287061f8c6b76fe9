package asap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// The twins of the examples in better-all's README. Those about errors and
// signals are in example_betterall_errors_test.go, those about flow in
// example_betterall_exit_test.go.

// letters are the three functions of the README's first example: getC needs
// what getA gives.
type letters struct{ a, b, c time.Duration }

func (l letters) getA(ctx context.Context) (string, error) { return answer(ctx, l.a, "a") }
func (l letters) getB(ctx context.Context) (string, error) { return answer(ctx, l.b, "b") }
func (l letters) getC(ctx context.Context, a string) (string, error) {
	return answer(ctx, l.c, "c of "+a)
}

// lettersNaive runs c after a and b.
func lettersNaive(ctx context.Context, l letters) {
	var a string
	var wg sync.WaitGroup
	wg.Go(func() { a, _ = l.getA(ctx) })
	wg.Go(func() { l.getB(ctx) })
	wg.Wait()
	l.getC(ctx, a)
}

// lettersByHand runs b and c after a.
func lettersByHand(ctx context.Context, l letters) {
	a, _ := l.getA(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { l.getB(ctx) })
	wg.Go(func() { l.getC(ctx, a) })
	wg.Wait()
}

func loadLetters(ctx context.Context, l letters, options ...asap.Option) ([]string, error) {
	g := asap.New(ctx, options...)
	a := g.Go("a", l.getA)
	b := g.Go("b", l.getB)
	c := a.Then("c", l.getC)
	return []string{a.Result().Or(""), b.Result().Or(""), c.Result().Or("")}, g.Wait()
}
