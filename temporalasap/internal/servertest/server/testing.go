package server

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
)

// Option sets one of the Settings for Start.
type Option func(*Settings)

// UI serves the web interface too.
func UI() Option { return func(s *Settings) { s.UI = true } }

// NoPush leaves cancellation to heartbeats, as on servers without the push.
func NoPush() Option { return func(s *Settings) { s.NoPush = true } }

// Namespace names the namespace that is there from the start.
func Namespace(name string) Option { return func(s *Settings) { s.Namespace = name } }

// Test is a server that belongs to a test: what goes wrong with it fails the
// test, and it ends with the test.
type Test struct {
	*Server
	tb testing.TB
}

// Start runs a server for tb and closes it when tb ends. Where there can be no
// server in time tb is skipped with the reason, or fails if CI is set in the
// environment. The server's log is added to a test that failed.
func Start(tb testing.TB, options ...Option) *Test {
	tb.Helper()
	var set Settings
	for _, o := range options {
		o(&set)
	}
	ctx, cancel := patience(tb)
	defer cancel()
	s, err := Launch(ctx, set)
	if err != nil {
		giveUp(tb, err)
	}
	tb.Cleanup(func() {
		if text := s.Log(); tb.Failed() && text != "" {
			tb.Logf("end of the server's log:\n%s", text)
		}
		s.Close()
	})
	return &Test{s, tb}
}

// patience is a context that ends a minute before tb's deadline, so that a
// long build ends in words and not in a dump of goroutines.
func patience(tb testing.TB) (context.Context, context.CancelFunc) {
	t, ok := tb.(*testing.T)
	if !ok {
		return context.WithCancel(tb.Context())
	}
	end, ok := t.Deadline()
	if !ok {
		return context.WithCancel(tb.Context())
	}
	return context.WithDeadlineCause(tb.Context(), end.Add(-time.Minute),
		fmt.Errorf("the test's time is over; build it before with: go run %s/server/temporald -build", modulePath))
}

func giveUp(tb testing.TB, err error) {
	tb.Helper()
	if os.Getenv("CI") != "" {
		tb.Fatalf("no Temporal server: %v", err)
	}
	fmt.Fprintf(os.Stderr, "SKIP %s: no Temporal server: %v\n", tb.Name(), err)
	tb.Skipf("no Temporal server: %v", err)
}

// Restart is Server.Restart for a test, which fails if the server does not
// come back.
func (t *Test) Restart() {
	t.tb.Helper()
	if err := t.Server.Restart(t.tb.Context()); err != nil {
		t.tb.Fatal(err)
	}
}

// Client returns a client of the server's namespace, closed when the test
// ends. Options are the SDK's; the address, the namespace and a logger that
// says nothing are filled in where they are missing.
func (t *Test) Client(options ...client.Options) client.Client {
	t.tb.Helper()
	var o client.Options
	if len(options) > 0 {
		o = options[0]
	}
	if o.HostPort == "" {
		o.HostPort = t.Addr()
	}
	if o.Namespace == "" {
		o.Namespace = t.Namespace()
	}
	if o.Logger == nil {
		o.Logger = Quiet{}
	}
	c, err := client.DialContext(t.tb.Context(), o)
	if err != nil {
		t.tb.Fatalf("dial %s: %v", o.HostPort, err)
	}
	t.tb.Cleanup(c.Close)
	return c
}

// Quiet is a logger for the SDK that drops everything.
type Quiet struct{}

// Debug drops the message.
func (Quiet) Debug(string, ...any) {}

// Info drops the message.
func (Quiet) Info(string, ...any) {}

// Warn drops the message.
func (Quiet) Warn(string, ...any) {}

// Error drops the message.
func (Quiet) Error(string, ...any) {}

var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// Shared is one server for all tests of a binary that ask for it: it starts
// with the first and ends with the process, whose TestMain should call
// CloseShared. A test must not kill it, and should use task queues and workflow
// ids of its own.
func Shared(tb testing.TB) *Test {
	tb.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		ctx, cancel := patience(tb)
		defer cancel()
		shared.server, shared.err = Launch(ctx, Settings{})
	}
	if shared.err != nil {
		giveUp(tb, shared.err)
	}
	return &Test{shared.server, tb}
}

// CloseShared ends the server of Shared, if there is one, and removes its
// file.
func CloseShared() {
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		shared.server.Close()
		shared.server = nil
	}
}
