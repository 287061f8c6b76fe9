package tail

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
)

// Left returns what is left of the time of the request that ctx belongs to: to its
// deadline, as a gRPC server and [http.TimeoutHandler] set it, or to the end of
// [http.Server.WriteTimeout], whichever comes first. The latter is measured from the
// making of the outermost group around the body of ctx, and in a handler from this call:
// so there it is to come first. It is not negative, and false says that there is no end.
func Left(ctx context.Context) (time.Duration, bool) {
	now := time.Now()
	end, ok := ctx.Deadline()
	if s, _ := ctx.Value(http.ServerContextKey).(*http.Server); s != nil && s.WriteTimeout > 0 {
		from := now
		if p, in := engine.PlaceOf(ctx); in {
			from = p.Made
		}
		if e := from.Add(s.WriteTimeout); !ok || e.Before(end) {
			end, ok = e, true
		}
	}
	if !ok {
		return 0, false
	}
	return max(end.Sub(now), 0), true
}

// Within is [asap.Within] with a share of what is left of the request now, as [Left] has
// it: the rest is for who goes on without the task. Called where the group is made,
//
//	ads := user.Optional("ads", fetchAds, tail.Within(ctx, .6))
//
// gives up ads when .6 of the request's time has passed. Without an end of the request it
// does nothing. With an engine elsewhere it panics where the task is declared, as a
// definition does not depend on a request. It panics if share is not above 0 and at most 1.
func Within(ctx context.Context, share float64) asap.TaskOption {
	if ctx == nil {
		panic("asap: tail.Within with a nil context; pass the request's")
	}
	if !(share > 0 && share <= 1) {
		panic(fmt.Sprintf("asap: tail.Within with the share %v; pass one above 0 and at most 1", share))
	}
	left, ok := Left(ctx)
	if !ok {
		return within{}
	}
	return within{time.Now().Add(time.Duration(share * float64(left)))}
}

// within is the instant by which a task has to have ended, zero for none.
type within struct{ until time.Time }

func (w within) ApplyTask(c *engine.TaskConfig) {
	if !w.until.IsZero() {
		c.Until(w.until)
	}
}

func (w within) ApplyMap(c *engine.TaskConfig) { w.ApplyTask(c) }
