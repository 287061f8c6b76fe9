package shop

import (
	"context"
	"errors"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/services"
)

// Missing is an optional part that a page had to do without. Part is the name
// of its field in the page's JSON.
type Missing struct {
	Part string `json:"part"`
	Why  string `json:"why"`
}

// missing lists a part if there is an error for it.
func missing(part string, err error) []Missing {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*asap.TaskError](err); ok {
		err = e.Err // the part's name says which task
	}
	return []Missing{{part, err.Error()}}
}

// hurry is for what a page can do without: the context that it returns ends
// when the shop's patience does.
func (s *Shop) hurry(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, s.Patience, services.Timeout(s.Patience))
}
