package shop

import (
	"context"
	"errors"
	"net/http"

	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

// requestError is the caller's mistake.
type requestError struct{ err error }

func badRequest(err error) error      { return &requestError{err} }
func (e *requestError) Error() string { return e.err.Error() }
func (e *requestError) Unwrap() error { return e.err }

// status says whose fault an error is: the visitor's, a service's, or ours.
func status(err error) int {
	if _, ok := errors.AsType[*requestError](err); ok {
		return http.StatusBadRequest
	}
	if _, ok := errors.AsType[*services.Error](err); ok {
		return http.StatusBadGateway
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, store.ErrEmptyCart):
		return http.StatusConflict
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

// headlines are the titles of the error page.
var headlines = map[int]string{
	http.StatusBadRequest:          "That is not a question we can answer",
	http.StatusBadGateway:          "Somebody we depend on let us down",
	http.StatusNotFound:            "There is nothing here",
	http.StatusConflict:            "There is nothing to order",
	http.StatusGatewayTimeout:      "This took too long",
	http.StatusInternalServerError: "Something broke on our side",
}
