// Package flow has the signatures of asap's flow, without what they do.
package flow

import (
	"context"

	"github.com/asap-go/asap"
)

type Flow[In, Out any] struct {
	_ In
	_ Out
}

func Define[In, Out any](name string, build func(*asap.Group, *asap.Task[In]) *asap.Task[Out], options ...asap.Option) *Flow[In, Out] {
	return nil
}

func (f *Flow[In, Out]) Run(ctx context.Context, in In) (out Out, err error) { return }
func (f *Flow[In, Out]) With(options ...asap.Option) *Flow[In, Out]          { return f }
func (f *Flow[In, Out]) Name() string                                        { return "" }
