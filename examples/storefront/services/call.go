package services

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	requestHeader = "X-Request-Id" // the page request that a call is for
	callHeader    = "X-Call"       // which call of the page it is
	beforeHeader  = "X-Before"     // how often it was made before
)

// Caller is what a service is told of a call beside what it is asked.
type Caller struct {
	Request, Call string
	Before        int
}

// Error says which service a call failed at, and why.
type Error struct {
	Service string
	Err     error
}

func (e *Error) Error() string { return e.Service + " service: " + e.Err.Error() }

// Unwrap returns why.
func (e *Error) Unwrap() error { return e.Err }

// Timeout is the error of an answer that did not come in time.
func Timeout(after time.Duration) error { return &timeoutError{after} }

type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string {
	if e.after == 0 {
		return "no answer in time"
	}
	return fmt.Sprintf("no answer within %v", e.after)
}
func (e *timeoutError) Is(t error) bool { return t == context.DeadlineExceeded }

// Ask is how every service is called, at service/path: in and the answer travel
// as JSON. Ask waits for the answer as long as the cluster's patience lasts.
func Ask[Out any](ctx context.Context, c *Cluster, from Caller, at string, in any) (out Out, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Patience, Timeout(c.Patience))
	defer cancel()
	service, path, _ := strings.Cut(at, "/")
	body, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	req, err := http.NewRequestWithContext(ctx, "POST", c.URL(service)+"/"+path, bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	req.Header = http.Header{requestHeader: {from.Request}, callHeader: {from.Call}, beforeHeader: {strconv.Itoa(from.Before)}}
	res, err := c.client.Do(req)
	var answer []byte
	if err == nil {
		defer res.Body.Close()
		answer, err = io.ReadAll(io.LimitReader(res.Body, 1<<20))
	}
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx) // why it ended rather than that it did
		if _, ours := errors.AsType[*timeoutError](err); !ours && errors.Is(err, context.DeadlineExceeded) {
			err = &timeoutError{} // whoever set the deadline says when it was
		}
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("down: hung up without an answer: %w", io.EOF)
	case err != nil:
		err = fmt.Errorf("down: %w", err)
	case res.StatusCode != http.StatusOK:
		err = fmt.Errorf("%s: %s", res.Status, strings.TrimSpace(string(answer)))
	default:
		if err = json.Unmarshal(answer, &out); err != nil {
			err = fmt.Errorf("nonsense in the answer: %w", err)
		}
	}
	if err != nil {
		return out, &Error{service, err}
	}
	return out, nil
}
