package resilience

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"
	"github.com/asap-go/asap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The servers are real ones, and so are the clients; the connections between them are
// bufconn's, so that all of it is in the bubble of a test, where time is virtual.

// listener is a network of one host, over which what is sent takes a while.
type listener struct {
	*bufconn.Listener
	latency time.Duration
}

func listen(t *testing.T, latency time.Duration) listener {
	t.Cleanup(func() { time.Sleep(10 * latency) }) // when all is closed: what is on its way still arrives
	return listener{bufconn.Listen(1 << 16), latency}
}

func (l listener) dial(ctx context.Context) (net.Conn, error) {
	c, err := l.DialContext(ctx)
	return delayed{c, l.latency}, err
}

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return delayed{c, l.latency}, err
}

type delayed struct {
	net.Conn
	by time.Duration
}

func (c delayed) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	time.Sleep(c.by)
	return n, err
}

// healthServer knows that "missing" is not there as soon as three others hang.
type healthServer struct {
	health.UnimplementedHealthServer
	hanging  chan struct{}
	canceled atomic.Int64
}

func (s *healthServer) Check(ctx context.Context, in *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
	switch {
	case in.Service == "missing":
		for range 3 {
			select {
			case <-s.hanging:
			case <-ctx.Done():
				return nil, status.FromContextError(ctx.Err()).Err()
			}
		}
		return nil, status.Error(codes.NotFound, "no service missing")
	case strings.HasPrefix(in.Service, "hung"):
		s.hanging <- struct{}{}
		<-ctx.Done()
		s.canceled.Add(1)
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	return &health.HealthCheckResponse{Status: health.HealthCheckResponse_SERVING}, nil
}

func newGateway(t *testing.T, latency time.Duration) (*gateway, *healthServer) {
	t.Helper()
	impl := &healthServer{hanging: make(chan struct{}, 100)}
	server := grpc.NewServer()
	health.RegisterHealthServer(server, impl)
	network := listen(t, latency)
	go server.Serve(network) // until Stop, below
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///bufconn",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return network.dial(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &gateway{health.NewHealthClient(conn)}, impl
}

func TestGRPC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newGateway(t, 0)
		if n, err := s.Check(t.Context(), "users", "carts", "prices"); n != 3 || err != nil {
			t.Errorf("Check = %d, %v, want 3", n, err)
		}
	})
}

// One is not found, three hang and are canceled for that: one failure, its code.
func TestGRPCNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, server := newGateway(t, 0)
		_, err := s.Check(t.Context(), "hung1", "hung2", "missing", "hung3")
		if got, want := status.Code(err), codes.NotFound; got != want {
			t.Errorf("Check = %v, %v, want code %v", got, err, want)
		}
		for _, loud := range []string{"hung", "Canceled"} {
			if strings.Contains(err.Error(), loud) {
				t.Errorf("Check = %v, want nothing of %s", err, loud)
			}
		}
		synctest.Wait()
		if n := server.canceled.Load(); n != 3 {
			t.Errorf("%d servers were told, want 3", n)
		}

		group := s.askAll(t, time.Hour, "hung1", "hung2", "missing", "hung3")
		if len(group.Failures) != 1 || group.Failures[0].Task != "missing" {
			t.Errorf("Wait = %v, want the failure of missing alone", group)
		}
	})
}

// The deadline of the request passes: the code is DeadlineExceeded, and the error
// says who was running.
func TestGRPCDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newGateway(t, 1*ms)
		ctx, cancel := context.WithTimeout(t.Context(), 100*ms)
		defer cancel()
		_, err := s.Check(ctx, "hung1", "hung2")
		if got, want := status.Code(err), codes.DeadlineExceeded; got != want {
			t.Errorf("Check = %v, %v, want code %v", got, err, want)
		}
		if text := err.Error(); !strings.Contains(text, "hung1") || !strings.Contains(text, "hung2") {
			t.Errorf("Check = %v, want who was running", err)
		}

		group := s.askAll(t, 100*ms, "hung1", "hung2")
		slices.Sort(group.Running)
		if !slices.Equal(group.Running, []string{"hung1", "hung2"}) || len(group.Failures) > 0 || group.Cause != context.DeadlineExceeded {
			t.Errorf("Wait = %v, want hung1 and hung2 running, and no failures", group)
		}
	})
}

// The servers know the deadline as well. If one of them is the first to say that it
// has passed, that is a failure of its call: with the same code, and its name.
func TestGRPCDeadlineOfTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newGateway(t, 0)
		for range 20 {
			group := s.askAll(t, 100*ms, "hung1", "hung2")
			if got, want := status.Code(grpcError(group)), codes.DeadlineExceeded; got != want {
				t.Errorf("Wait = %v, code %v, want %v", group, got, want)
			}
			if !strings.Contains(group.Error(), "hung") {
				t.Errorf("Wait = %v, want whose call it was", group)
			}
		}
	})
}

// askAll asks for the names, and returns what Wait does.
func (s *gateway) askAll(t *testing.T, within time.Duration, names ...string) *asap.GroupError {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	g := asap.New(ctx)
	for _, name := range names {
		g.Do(name, func(ctx context.Context) error {
			_, err := s.health.Check(ctx, &health.HealthCheckRequest{Service: name})
			return err
		})
	}
	group, ok := errors.AsType[*asap.GroupError](g.Wait())
	if !ok {
		t.Fatal("Wait returns no GroupError")
	}
	return group
}

// The client goes away: Canceled.
func TestGRPCCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, server := newGateway(t, 0)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { // ends with the call, which ends by this
			<-server.hanging
			cancel()
		}()
		_, err := s.Check(ctx, "hung1")
		if got, want := status.Code(err), codes.Canceled; got != want {
			t.Errorf("Check = %v, %v, want code %v", got, err, want)
		}
	})
}

// answers serves one procedure of Connect.
func answers(t *testing.T, latency time.Duration, answer func(context.Context) (string, error)) *lookup {
	t.Helper()
	const procedure = "/shop.v1.Shop/Get"
	mux := http.NewServeMux()
	mux.Handle(procedure, connect.NewUnaryHandler(procedure,
		func(ctx context.Context, r *connect.Request[wrapperspb.StringValue]) (*connect.Response[wrapperspb.StringValue], error) {
			v, err := answer(ctx)
			if err != nil {
				return nil, err
			}
			return connect.NewResponse(wrapperspb.String(v)), nil
		}))
	network := listen(t, latency)
	server := &http.Server{Handler: mux}
	go server.Serve(network) // until Close, below
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return network.dial(ctx) }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return connect.NewClient[wrapperspb.StringValue, wrapperspb.StringValue](&http.Client{Transport: transport}, "http://shop"+procedure)
}

func TestConnect(t *testing.T) {
	unavailable := connect.NewError(connect.CodeUnavailable, errDown)
	missing := connect.NewError(connect.CodeNotFound, errors.New("no such item"))
	for _, test := range []struct {
		name                 string
		item, price, reviews func(context.Context) (string, error)
		page                 string
		code                 connect.Code // 0 without an error
		text                 string       // in the error
		takes, latency       time.Duration
	}{
		{name: "all well", item: after("tea", 10*ms, nil), price: after("3", 10*ms, nil), reviews: after("good", 10*ms, nil),
			page: "tea 3 good", takes: 20 * ms},
		{name: "no reviews", item: after("tea", 10*ms, nil), price: after("3", 10*ms, nil), reviews: after("", 10*ms, unavailable),
			page: "tea 3 -", takes: 20 * ms},
		{name: "not found, reviews hang", item: after("", 10*ms, missing), price: after("3", 10*ms, nil), reviews: after("", time.Hour, nil),
			code: connect.CodeNotFound, text: "item: not_found: no such item", takes: 10 * ms},
		{name: "price hangs", item: after("tea", 10*ms, nil), price: after("", time.Hour, nil), reviews: after("good", 10*ms, nil),
			code: connect.CodeDeadlineExceeded, text: "running: price", takes: 100 * ms, latency: 1 * ms},
		{name: "price hangs, its server is the first to say so", item: after("tea", 10*ms, nil), price: after("", time.Hour, nil), reviews: after("good", 10*ms, nil),
			code: connect.CodeDeadlineExceeded, text: "price", takes: 100 * ms},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				item, price, reviews := answers(t, test.latency, test.item), answers(t, test.latency, test.price), answers(t, test.latency, test.reviews)
				ctx, cancel := context.WithTimeout(t.Context(), 100*ms)
				defer cancel()
				start := time.Now()
				page, err := product(ctx, item, price, reviews, "7")
				code := connect.Code(0)
				if err != nil {
					code = connect.CodeOf(err)
				}
				if page != test.page || code != test.code || err != nil && !strings.Contains(err.Error(), test.text) {
					t.Errorf("product = %q, %v (%v), want %q and code %v with %q", page, err, code, test.page, test.code, test.text)
				}
				if took := time.Since(start); took != test.takes {
					t.Errorf("product took %v, want %v", took, test.takes)
				}
			})
		})
	}
}
