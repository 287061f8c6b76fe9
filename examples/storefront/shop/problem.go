package shop

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"

	"github.com/asap-go/asap"
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
	switch {
	case isA[*requestError](err):
		return http.StatusBadRequest
	case isA[*services.Error](err):
		return http.StatusBadGateway
	case is(err, store.ErrNotFound):
		return http.StatusNotFound
	case is(err, store.ErrEmptyCart):
		return http.StatusConflict
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

// An order may run in another process. What is left of its errors here is an
// [asap.RemoteError] each: the text, and the name of the type.

// isA reports whether err has an error of type E in it, or what is left of one.
func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok || isRemote(err, reflect.TypeFor[E]().String(), "")
}

// is reports whether err has target in it, or what is left of it.
func is(err, target error) bool {
	return errors.Is(err, target) || isRemote(err, reflect.TypeOf(target).String(), target.Error())
}

// isRemote looks for a remote error of a type, and with a text if there is one.
func isRemote(err error, kind, text string) bool {
	r, ok := err.(*asap.RemoteError)
	if ok && r.Type == kind && (text == "" || r.Message == text) {
		return true
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return isRemote(e.Unwrap(), kind, text)
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), func(err error) bool { return isRemote(err, kind, text) })
	}
	return false
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
