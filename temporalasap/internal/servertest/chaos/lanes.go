package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// LaneCount is the number of tasks that run side by side in the flow of Lanes.
const LaneCount = 8

// Hold is the input of Lanes: how long each lane runs, and after how long the
// fuse fails, 0 for never.
type Hold struct {
	Took, Fuse time.Duration
}

// ErrFuse is what the fuse of Lanes fails with.
var ErrFuse = errors.New("the fuse blew")

// Lanes is a flow of lanes that run side by side, each with a step after it,
// and of a task that may fail while they run. The steps show how soon a flow
// goes on.
func Lanes(journal *Journal) *flow.Flow[Hold, []Value] {
	return flow.Define("lanes", func(g *asap.Group, in *asap.Task[Hold]) *asap.Task[[]Value] {
		in.Do("fuse", func(ctx context.Context, in Hold) error {
			if in.Fuse == 0 {
				return nil
			}
			if _, err := journal.Around(ctx, in.Fuse, func() Value { return Value{} }); err != nil {
				return err
			}
			return ErrFuse
		})
		steps := make([]*asap.Task[Value], LaneCount)
		for i := range steps {
			lane := in.Then(fmt.Sprint("lane", i), func(ctx context.Context, in Hold) (Value, error) {
				return journal.Around(ctx, in.Took, func() Value { return Value{Task: "lane"} })
			})
			steps[i] = lane.Then(fmt.Sprint("step", i), func(ctx context.Context, v Value) (Value, error) {
				return journal.Around(ctx, time.Millisecond, func() Value { return Value{Task: "step"} })
			})
		}
		return g.Gather("steps", steps...)
	})
}
