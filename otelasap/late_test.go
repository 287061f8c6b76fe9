package otelasap_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel/codes"
)

// A group that ran out of time is an error, in its span and in the metric; one that its
// client left is none. The tasks that were canceled with it are none either.
func TestOutOfTime(t *testing.T) {
	for _, tt := range []struct {
		name, errorType string
		end             func(context.Context) (context.Context, context.CancelFunc)
	}{
		{"a deadline", "context.deadlineExceededError", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 20*time.Millisecond)
		}},
		{"a deadline with a cause", "context.deadlineExceededError", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(ctx, 20*time.Millisecond, errors.New("the budget of the page"))
		}},
		{"a client that leaves", "", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, leave := context.WithCancel(ctx)
			time.AfterFunc(20*time.Millisecond, leave)
			return ctx, leave
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := newTelemetry(t)
				ctx, cancel := tt.end(t.Context())
				defer cancel()
				g := asap.New(ctx, asap.Name("home"), asap.Observe(y))
				g.Do("bank", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
				_ = g.Wait()
				s, code := y.span("home"), codes.Unset
				if tt.errorType != "" {
					code = codes.Error
				}
				if got := s.Status(); got.Code != code || attr(s.Attributes(), "error.type") != tt.errorType || attr(s.Attributes(), otelasap.Outcome) != "canceled" {
					t.Errorf("the group: %v, %v, want %v and error.type %q", got, s.Attributes(), code, tt.errorType)
				}
				if got := y.span("bank").Status(); got.Code != codes.Unset {
					t.Errorf("status of bank = %v, want none", got)
				}
				series := "home canceled"
				if tt.errorType != "" {
					series += " " + tt.errorType
				}
				y.wantSums("asap.group.duration", map[string]string{series: "0.020/1"})
			})
		})
	}
}
