// Package durable runs the shop's orders as Temporal workflows, so that an
// order which was begun is finished whatever happens to the shop. The server is
// a child process with its file in the shop's folder; the shop is the worker.
package durable

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/shop"
	"github.com/asap-go/asap/examples/storefront/store"
	"github.com/asap-go/asap/temporalasap"
)

// Engine runs orders on a server of its own. [Open] makes it; it is a
// [shop.Engine] once [Engine.Serve] was called.
type Engine struct {
	server *server
	client client.Client
	worker worker.Worker // nil before Serve
	unlock func()
}

// Flow is what the engine runs.
type Flow = asap.Flow[store.Order, shop.Checkout]

// Open starts a server, the program or one that it builds if that is empty,
// whose workflows are in a file of the folder: those that an earlier one has
// left there go on as soon as Serve is called. What the server has to say goes
// to say. Close ends it. While another engine has the folder, Open waits for
// some seconds and fails.
func Open(ctx context.Context, program, dir string, say io.Writer) (*Engine, error) {
	if program == "" {
		var err error
		if program, err = Build(ctx, say); err != nil {
			return nil, err
		}
	}
	unlock, err := lock(ctx, dir)
	if err != nil {
		return nil, err
	}
	s, err := startServer(ctx, program, dir, say)
	if err != nil {
		unlock()
		return nil, err
	}
	logger := slog.New(slog.NewTextHandler(say, &slog.HandlerOptions{Level: slog.LevelError}))
	c, err := client.DialContext(ctx, client.Options{HostPort: s.Addr, Logger: log.NewStructuredLogger(logger)})
	if err != nil {
		s.stop()
		unlock()
		return nil, fmt.Errorf("connect to the Temporal server: %w", err)
	}
	return &Engine{server: s, client: c, unlock: unlock}, nil
}

// Serve makes this process run the bodies of the flow, until Close. The times
// are those within which an order goes on after its shop was killed.
func (e *Engine) Serve(flow *Flow) error {
	w := worker.New(e.client, temporalasap.TaskQueue, worker.Options{
		StickyScheduleToStartTimeout: time.Second, // until another worker gets what was to be decided
		WorkerStopTimeout:            5 * time.Second,
		Interceptors:                 []interceptor.WorkerInterceptor{&labels{}},
	})
	err := temporalasap.Register(w, flow,
		temporalasap.Defaults(workflow.ActivityOptions{
			StartToCloseTimeout: 2 * time.Minute,
			HeartbeatTimeout:    2 * time.Second, // until a body whose worker died runs again
		}),
		temporalasap.Task("confirmationMail", temporalasap.Activity(workflow.ActivityOptions{
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, MaximumAttempts: 3},
		})))
	if err != nil {
		return err
	}
	if err := w.Start(); err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	e.worker = w
	return nil
}

// Run starts the workflow of an order, or joins the one that runs, and waits
// for it. When ctx ends, only the waiting does. An order that has failed may be
// tried again, for no step does its work twice.
func (e *Engine) Run(ctx context.Context, flow *Flow, o store.Order) (shop.Checkout, error) {
	h, err := temporalasap.Start(ctx, e.client, flow, o, client.StartWorkflowOptions{
		ID:                    workflowID(o),
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowTaskTimeout:   2 * time.Second, // until a decision that died with its worker is made again
	})
	if err != nil {
		return shop.Checkout{}, err
	}
	return h.Get(ctx)
}

// workflowID says whose order it is, too: somebody who gives his own order the
// name of another's does not get that one's receipt.
func workflowID(o store.Order) string {
	return fmt.Sprintf("checkout-%s-%d-%s", o.ID, o.User.ID, o.Currency)
}

// Address returns the page of an order in Temporal's web interface.
func (e *Engine) Address(o store.Order) string {
	return e.URL() + "/namespaces/default/workflows/" + url.PathEscape(workflowID(o))
}

// URL returns where the web interface is.
func (e *Engine) URL() string { return e.server.UI }

// Ended is closed when the server has ended, by Close or by itself.
func (e *Engine) Ended() <-chan struct{} { return e.server.ended }

// Close ends the worker, whose bodies get five seconds, and the server. Orders
// that are not finished go on when the folder is opened again.
func (e *Engine) Close() {
	if e.worker != nil {
		e.worker.Stop()
	}
	e.client.Close()
	e.server.stop()
	e.unlock()
}

// labels tells the services which order and which task a call is for.
type labels struct {
	interceptor.WorkerInterceptorBase
}

func (*labels) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &labeled{interceptor.ActivityInboundInterceptorBase{Next: next}}
}

type labeled struct {
	interceptor.ActivityInboundInterceptorBase
}

func (l *labeled) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	return l.Next.ExecuteActivity(services.Label(ctx, info.WorkflowExecution.ID, info.ActivityID), in)
}
