package a

import (
	"context"
	"time"

	"github.com/asap-go/asap"
)

func fetch(ctx context.Context) (int, error)         { return 0, ctx.Err() }
func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }

const brief = 50

func options(ctx context.Context, on bool, d time.Duration) error {
	g := asap.New(ctx, asap.Limit(2), asap.Limit(3)) // want `Limit is given twice; the last wins`
	defer g.Stop()
	g.Go("a", fetch, asap.Timeout(50))                                      // want `Timeout\(50\) is 50ns: the unit is missing`
	g.Go("b", fetch, asap.Within(brief))                                    // want `Within\(…\) is 50ns: the unit is missing`
	g.Go("c", fetch, asap.Timeout(time.Second), asap.Timeout(time.Minute))  // want `Timeout is given twice; the last wins`
	g.Go("d", fetch, asap.Timeout(2*time.Second), asap.Within(time.Second)) // want `Timeout of 2s never ends before Within of 1s`
	g.Optional("e", fetch, asap.MayFail())                                  // want `an Optional does not fail: MayFail beside it does nothing`
	g.Go("f", fetch, asap.When(false), asap.Timeout(time.Second))           // want `When\(false\) leaves "f" out every time: Timeout beside it does nothing`
	h := g.Go("h", fetch)
	h.Then("i", double, asap.AfterEnd(h))             // want `"i" runs only if h succeeds: AfterEnd of it adds nothing`
	g.Go("j", fetch, asap.Needs(h), asap.AfterEnd(h)) // want `"j" runs only if h succeeds`

	g.Go("k", fetch, asap.Timeout(time.Second), asap.Within(time.Minute))
	g.Go("l", fetch, asap.Timeout(d), asap.Within(d))
	g.Go("m", fetch, asap.When(on), asap.Timeout(time.Second), asap.MayFail())
	g.Go("n", fetch, asap.When(false))
	g.Go("o", fetch, asap.AfterEnd(h), asap.Timeout(time.Microsecond))
	return g.Wait()
}
