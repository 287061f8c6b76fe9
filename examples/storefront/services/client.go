package services

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	requestHeader = "X-Request-Id" // the page request that a call is for
	callHeader    = "X-Call"       // which call of the page it is
)

// Error says which service a call failed at, and why.
type Error struct {
	Service string
	Err     error
}

func (e *Error) Error() string { return e.Service + " service: " + e.Err.Error() }

// Unwrap returns why.
func (e *Error) Unwrap() error { return e.Err }

type labelKey struct{}

type label struct{ request, call string }

// Label names the page request and the call of it that is made under the
// context that it returns. Services see both names.
func Label(ctx context.Context, request, call string) context.Context {
	return context.WithValue(ctx, labelKey{}, label{request, call})
}

// client is one service as its callers see it.
type client struct {
	service  string
	url      string
	http     *http.Client
	patience time.Duration
}

// ask sends in as JSON, or nothing if it is nil, and reads the answer into
// out. check says what is wrong with an answer that can be read.
func (c *client) ask(ctx context.Context, method, path string, in, out any, check func() error) error {
	if err := c.exchange(ctx, method, path, in, out); err != nil {
		return &Error{c.service, err}
	}
	if err := check(); err != nil {
		return &Error{c.service, fmt.Errorf("nonsense in the answer: %w", err)}
	}
	return nil
}

func (c *client) exchange(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.patience, Timeout(c.patience))
	defer cancel()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return err
	}
	if l, ok := ctx.Value(labelKey{}).(label); ok {
		req.Header.Set(requestHeader, l.request)
		req.Header.Set(callHeader, l.call)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return plain(ctx, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return plain(ctx, err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", res.Status, strings.TrimSpace(string(b)))
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(out); err != nil {
		return fmt.Errorf("nonsense in the answer: %w", err)
	}
	return nil
}

// plain takes the method, the URL and the port out of a transport's error,
// and says why the context ended rather than that it did.
func plain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("down: hung up without an answer: %w", err)
	}
	return fmt.Errorf("down: %w", err)
}

// Timeout is the error of an answer that did not come in time.
func Timeout(after time.Duration) error { return &timeoutError{after} }

type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string   { return fmt.Sprintf("no answer within %v", e.after) }
func (e *timeoutError) Is(t error) bool { return t == context.DeadlineExceeded }
