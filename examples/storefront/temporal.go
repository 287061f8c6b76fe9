package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap/examples/storefront/store"
	"github.com/asap-go/asap/temporalasap"
)

// durable runs orders as workflows on a Temporal server, so that an order which
// was begun is finished whatever happens to the shop. The shop is the worker.
type durable struct {
	client client.Client
	worker worker.Worker
}

// dial connects to a server and makes this process run the bodies of the flow.
// The times are those within which an order goes on after its shop was killed.
func dial(ctx context.Context, address string, f *Flow) (*durable, error) {
	quiet := log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	c, err := client.DialContext(ctx, client.Options{HostPort: address, Logger: quiet})
	if err != nil {
		return nil, fmt.Errorf("connect to the Temporal server at %s: %w", address, err)
	}
	w := worker.New(c, temporalasap.TaskQueue, worker.Options{
		StickyScheduleToStartTimeout: time.Second, // until another worker gets what was to be decided
		WorkerStopTimeout:            5 * time.Second,
	})
	err = temporalasap.Register(w, f,
		temporalasap.Defaults(workflow.ActivityOptions{
			StartToCloseTimeout: 2 * time.Minute,
			HeartbeatTimeout:    2 * time.Second, // until a body whose worker died runs again
		}),
		temporalasap.Task("confirmationMail", temporalasap.Activity(workflow.ActivityOptions{
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, MaximumAttempts: 3},
		})))
	if err == nil {
		err = w.Start()
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return &durable{c, w}, nil
}

// run starts the workflow of an order, or joins the one that runs, and waits
// for it. When ctx ends, only the waiting does. An order that has failed may be
// tried again, for no step does its work twice.
func (d *durable) run(ctx context.Context, f *Flow, o store.Order) (Checkout, error) {
	h, err := temporalasap.Start(ctx, d.client, f, o, client.StartWorkflowOptions{
		ID:                    workflowID(o),
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowTaskTimeout:   2 * time.Second, // until a decision that died with its worker is made again
	})
	if err != nil {
		return Checkout{}, err
	}
	return h.Wait(ctx)
}

// workflowID says whose order it is, too: somebody who gives his own order the
// name of another's does not get that one's receipt.
func workflowID(o store.Order) string {
	return fmt.Sprintf("checkout-%s-%d-%s", o.ID, o.User.ID, o.Currency)
}

// temporalUI is where a development server has its web interface.
const temporalUI = "http://127.0.0.1:8233"

// address is the page of an order in Temporal's web interface.
func (d *durable) address(o store.Order) string {
	return temporalUI + "/namespaces/default/workflows/" + url.PathEscape(workflowID(o))
}

// close ends the worker, whose bodies get five seconds. Orders that are not
// finished go on when the shop is opened again.
func (d *durable) close() {
	d.worker.Stop()
	d.client.Close()
}
