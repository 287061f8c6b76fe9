package temporalasap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"go.temporal.io/sdk/client"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/temporalasap"
)

type mailer struct{ from string }

func (m *mailer) mail(_ context.Context, to string) (string, error) { return m.from + " to " + to, nil }

// mailFlow closes over a client, which all processes have, and over whatever
// body does.
func mailFlow(name string, m *mailer, body func(context.Context, string) (string, error)) *asap.Flow[string, string] {
	return asap.Define(name, func(g *asap.Group, in *asap.Task[string]) *asap.Task[string] {
		return in.Then("write", body).Then("mail", m.mail)
	})
}

func greeting(name, user string) *asap.Flow[string, string] {
	return asap.Define(name, func(g *asap.Group, in *asap.Task[string]) *asap.Task[string] {
		return in.Then("say", func(_ context.Context, text string) (string, error) { return text, nil }).
			Then("greet", func(_ context.Context, text string) (string, error) { return text + " " + user, nil })
	})
}

// A flow that is made for a request is refused where it can be seen that the
// worker has another one.
func TestStartRefusesClosureOverRequest(t *testing.T) {
	m, calls := &mailer{"shop"}, new(atomic.Int64)
	count := func(n *atomic.Int64) *asap.Flow[string, string] {
		return asap.Define("count", func(g *asap.Group, in *asap.Task[string]) *asap.Task[string] {
			return in.Then("count", func(_ context.Context, text string) (string, error) { return fmt.Sprint(text, n.Add(1)), nil })
		})
	}
	scoped := func() *asap.Flow[string, string] {
		return asap.Define("scoped", func(g *asap.Group, in *asap.Task[string]) *asap.Task[string] {
			sep := " "
			if g != nil {
				sep = "-"
			}
			return in.Then("join", func(_ context.Context, text string) (string, error) { sep += "-"; return text + sep, nil })
		})
	}
	ada := greeting("greeting", "ada")
	for _, row := range []struct {
		name             string
		registered, runs *asap.Flow[string, string]
		task             string
	}{
		{"the same flow", ada, ada, ""},
		{"the same flow with options", ada, ada.With(asap.Limit(1)), ""},
		{"for another request", greeting("request", "nobody"), greeting("request", "ada"), "greet"},
		{"a client", mailFlow("client", m, echo), mailFlow("client", m, echo), ""},
		{"another client", mailFlow("clients", m, echo), mailFlow("clients", &mailer{"other"}, echo), "mail"},
		{"what both have", count(calls), count(calls), ""},
		{"a variable of the definition", scoped(), scoped(), ""},
		{"nothing", mailFlow("nothing", m, echo), mailFlow("nothing", m, shout), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := temporalasap.Register(newEnv(), row.registered, defaults); err != nil {
				t.Fatal(err)
			}
			_, err := temporalasap.Start(t.Context(), &deafClient{}, row.runs, "hi")
			switch {
			case row.task == "" && !errors.Is(err, errDeaf):
				t.Errorf("Start: %v, want it to be asked of the server", err)
			case row.task != "" && !strings.Contains(err.Error(), "task "+row.task+": its body closes over something else"):
				t.Errorf("Start: %v, want a refusal of task %s", err, row.task)
			}
		})
	}
	// One of two that are registered.
	if err := temporalasap.Register(newEnv(), greeting("request", "ada"), defaults); err != nil {
		t.Fatal(err)
	}
	if _, err := temporalasap.Start(t.Context(), &deafClient{}, greeting("request", "ada"), "hi"); !errors.Is(err, errDeaf) {
		t.Error(err)
	}
}

// deafClient starts nothing.
type deafClient struct{ envClient }

var errDeaf = errors.New("nobody listens")

func (deafClient) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	return nil, errDeaf
}

func echo(_ context.Context, text string) (string, error)  { return text, nil }
func shout(_ context.Context, text string) (string, error) { return text + "!", nil }
