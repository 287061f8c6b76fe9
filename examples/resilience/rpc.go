package resilience

import (
	"context"
	"errors"

	"connectrpc.com/connect"
	"github.com/asap-go/asap"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// gateway asks several services over gRPC for one answer: each name must serve.
type gateway struct{ health health.HealthClient }

// Check is a handler of gRPC: what it returns is a status.
func (s *gateway) Check(ctx context.Context, names ...string) (healthy int, err error) {
	healthy, err = asap.Run(ctx, func(g *asap.Group) func() int {
		answers := make([]*asap.Task[*health.HealthCheckResponse], len(names))
		for i, name := range names {
			answers[i] = g.Go(name, func(ctx context.Context) (*health.HealthCheckResponse, error) {
				return s.health.Check(ctx, &health.HealthCheckRequest{Service: name})
			})
		}
		all := g.Gather("all", answers...)
		return func() int { return len(all.Value()) }
	})
	return healthy, grpcError(err)
}

// grpcError gives a group's error to the client: with the code of the call that
// failed, or of those that were running at the end of the request. The deadline of the
// request goes along with each call; if a server is the first to say that it has
// passed, that is the failure of its call, and the code is the same.
func grpcError(err error) error {
	if err == nil {
		return nil
	}
	if s, ok := status.FromError(err); ok {
		return status.Error(s.Code(), err.Error())
	}
	return status.FromContextError(err).Err()
}

// lookup is a client of Connect, of one procedure that takes and returns a string.
type lookup = connect.Client[wrapperspb.StringValue, wrapperspb.StringValue]

// product asks three procedures over Connect; what it returns is Connect's error.
func product(ctx context.Context, item, price, reviews *lookup, id string) (string, error) {
	ask := func(client *lookup) func(context.Context, string) (string, error) {
		return func(ctx context.Context, id string) (string, error) {
			r, err := client.CallUnary(ctx, connect.NewRequest(wrapperspb.String(id)))
			if err != nil {
				return "", err
			}
			return r.Msg.GetValue(), nil
		}
	}
	page, err := asap.Run(ctx, func(g *asap.Group) func() string {
		id := g.Input("id", id)
		item := id.Then("item", ask(item))
		price := item.Then("price", ask(price))
		reviews := id.Optional("reviews", ask(reviews))
		return func() string { return item.Value() + " " + price.Value() + " " + reviews.Value().Or("-") }
	})
	return page, connectError(err)
}

// connectError is grpcError for Connect.
func connectError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*connect.Error](err); ok {
		return connect.NewError(e.Code(), err)
	}
	code := connect.CodeUnknown
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		code = connect.CodeDeadlineExceeded
	case errors.Is(err, context.Canceled):
		code = connect.CodeCanceled
	}
	return connect.NewError(code, err)
}
