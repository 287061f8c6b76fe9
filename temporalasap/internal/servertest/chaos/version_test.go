package chaos_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/temporalasap/internal/servertest/chaos"
	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

// results of the editions of the flow of Shop.
var results = map[string][]string{
	chaos.First:   {"stock", "charge", "receipt"},
	chaos.Added:   {"stock", "fraud", "charge", "receipt"},
	chaos.Removed: {"charge", "receipt"},
	chaos.Longer:  {"stock", "charge", "receipt", "mail"},
}

// shop is a server with orders in work by one edition of a flow.
type shop struct {
	*testing.T
	server *server.Test
	client client.Client
	job    chaos.Job
}

func newShop(t *testing.T) *shop {
	s := &shop{T: t, server: server.Start(t)}
	s.client = s.server.Client()
	s.job = chaos.Job{
		Addr:      s.server.Addr(),
		Namespace: s.server.Namespace(),
		Queue:     "shop",
		Journal:   filepath.Join(t.TempDir(), "journal"),
		Heartbeat: heartbeat,
	}
	return s
}

// open starts one worker process of an edition, in a deployment if build is
// given.
func (s *shop) open(edition, build string) *chaos.Fleet {
	s.Helper()
	job := s.job
	job.Edition, job.Build = edition, build
	return chaos.NewFleet(s, job, 1)
}

func (s *shop) order(id string, took time.Duration) *temporalasap.Handle[[]string] {
	s.Helper()
	h, err := temporalasap.Start(s.Context(), s.client, chaos.Shop(chaos.First, nil), chaos.Hold{Took: took},
		client.StartWorkflowOptions{ID: id, TaskQueue: s.job.Queue, WorkflowTaskTimeout: time.Second})
	if err != nil {
		s.Fatalf("start of %s: %v", id, err)
	}
	return h
}

// begun waits until a task of an order is in work.
func (s *shop) begun(id, task string) {
	s.Helper()
	s.poll(id+"/"+task+" begins", func() bool {
		entries, err := chaos.ReadJournal(s.job.Journal)
		if err != nil {
			s.Fatal(err)
		}
		return slices.ContainsFunc(entries, func(e chaos.Entry) bool { return e.Workflow == id && e.Task == task })
	})
}

func (s *shop) poll(what string, ok func() bool) {
	s.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("%s: not within %v", what, patience)
		}
	}
}

func (s *shop) finishes(h *temporalasap.Handle[[]string], edition string) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	got, err := h.Wait(ctx)
	if err != nil || !slices.Equal(got, results[edition]) {
		s.Errorf("%s: result %v, %v; want %v", h.ID(), got, err, results[edition])
	}
}

// refusals are the workflow tasks of an order that failed, of which each must
// be for a definition that does not fit the history.
func (s *shop) refusals(id string) (messages []string) {
	s.Helper()
	h, err := chaos.Fetch(s.Context(), s.client, id)
	if err != nil {
		s.Fatal(err)
	}
	for _, r := range h.Refused {
		if r.GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR {
			s.Errorf("%s: a workflow task failed with %v: %s", id, r.GetCause(), r.GetFailure().GetMessage())
		}
		messages = append(messages, r.GetFailure().GetMessage())
	}
	return messages
}

// TestNewEditionWithoutVersions replaces the workers of a running order by
// ones with another edition of its flow. One that does not fit what has
// happened is refused in clear words, and the order waits for workers with the
// old edition; one that only adds behind what has happened goes on.
func TestNewEditionWithoutVersions(t *testing.T) {
	s := newShop(t)
	for _, row := range []struct {
		edition string
		refuses func(s *shop, h *temporalasap.Handle[[]string]) string
		why     string
	}{
		{chaos.Longer, nil, "its first tasks are those of before"},
		{chaos.Added, (*shop).refusedInHistory, "it has the body of stock, whose end brings a workflow task"},
		{chaos.Removed, (*shop).refusedInQuery, "it has no body of stock, which is tried again until it has; a query replays the order"},
	} {
		t.Run(row.edition, func(t *testing.T) {
			s := &shop{t, s.server, s.client, s.job}
			old := s.open(chaos.First, "")
			h := s.order(row.edition, 300*time.Millisecond)
			s.begun(row.edition, "stock")
			old.Kill(old.PIDs()[0])
			fresh := s.open(row.edition, "")
			if row.refuses == nil {
				s.finishes(h, row.edition)
				if refused := s.refusals(row.edition); len(refused) > 0 {
					t.Errorf("workflow tasks failed: %q", refused)
				}
				return
			}
			message := row.refuses(s, h)
			t.Logf("with edition %s (%s): %s", row.edition, row.why, message)
			if !strings.Contains(message, "nondeterministic") || !strings.Contains(message, "stock") && !strings.Contains(message, "fraud") {
				t.Errorf("the message names neither the reason nor the task: %s", message)
			}
			description, err := s.client.DescribeWorkflowExecution(t.Context(), row.edition, "")
			if err != nil {
				t.Fatal(err)
			}
			if status := description.GetWorkflowExecutionInfo().GetStatus(); status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
				t.Fatalf("the order is %v, want it to wait", status)
			}
			fresh.Kill(fresh.PIDs()[0])
			s.open(chaos.First, "")
			s.finishes(h, chaos.First)
		})
	}
}

// refusedInHistory waits for a workflow task that failed and returns what the
// history says of it.
func (s *shop) refusedInHistory(h *temporalasap.Handle[[]string]) (message string) {
	s.Helper()
	s.poll("a workflow task is refused", func() bool {
		refused := s.refusals(h.ID())
		if len(refused) > 0 {
			message = refused[0]
		}
		return len(refused) > 0
	})
	return message
}

// refusedInQuery asks until an answer is refused, and returns why.
func (s *shop) refusedInQuery(h *temporalasap.Handle[[]string]) (message string) {
	s.Helper()
	s.poll("a query is refused", func() bool {
		ctx, cancel := context.WithTimeout(s.Context(), 5*time.Second)
		defer cancel()
		_, err := h.Tasks(ctx)
		if err == nil || ctx.Err() != nil {
			return false
		}
		message = err.Error()
		return strings.Contains(message, "nondeterministic")
	})
	return message
}

// TestNewEditionWithVersions runs both editions beside each other in a worker
// deployment: an order ends in the edition in which it began.
func TestNewEditionWithVersions(t *testing.T) {
	s := newShop(t)
	deployment := s.client.WorkerDeploymentClient().GetHandle(s.job.Queue)
	release := func(edition, build string) {
		t.Helper()
		s.open(edition, build)
		var err error
		for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			_, err = deployment.SetCurrentVersion(t.Context(), client.WorkerDeploymentSetCurrentVersionOptions{BuildID: build})
			if err == nil {
				return
			}
		}
		t.Fatalf("build %s does not become the current one: %v", build, err)
	}
	release(chaos.First, "1")
	running := s.order("running", 2*time.Second)
	s.begun("running", "stock")
	var later []*temporalasap.Handle[[]string]
	for i, edition := range []string{chaos.Added, chaos.Removed, chaos.Longer} {
		release(edition, fmt.Sprint(i+2))
		later = append(later, s.order(edition, 10*time.Millisecond))
		s.finishes(later[i], edition)
	}
	s.finishes(running, chaos.First)
	for _, id := range []string{"running", chaos.Added, chaos.Removed, chaos.Longer} {
		if refused := s.refusals(id); len(refused) > 0 {
			t.Errorf("%s: workflow tasks failed: %q", id, refused)
		}
	}
}
