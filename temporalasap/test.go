package temporalasap

import (
	"errors"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/asap-go/asap/flow"
)

// Environment runs a workflow of a test: the SDK's testsuite.TestWorkflowEnvironment does.
type Environment interface {
	ExecuteWorkflow(workflow any, args ...any)
	GetWorkflowResult(into any) error
	GetWorkflowError() error
	QueryWorkflow(query string, args ...any) (converter.EncodedValue, error)
}

// RunTest runs a flow that is registered in a test's environment, and returns what [Run]
// does: its value, or its error with the tasks that are to blame. It blocks until the
// workflow has ended, which in an environment takes no time for what sleeps in it.
//
// Bodies are replaced by [Stub], or by the environment's own mocks, of activities that are
// named flow.task: env.OnActivity("quote.zone", …). What such a mock returns goes past the
// body: a plain error of it is final, as that of a body is, and no exit comes of it.
func RunTest[In, Out any](env Environment, f *flow.Flow[In, Out], in In) (Out, error) {
	env.ExecuteWorkflow(f.Name(), in)
	var out Out
	err := env.GetWorkflowError()
	if err == nil {
		if err = env.GetWorkflowResult(&out); errors.Is(err, temporal.ErrNoData) { // a nil pointer
			err = nil
		}
		return out, err
	}
	return out, ended(f.Name(), err, &out, func(query string, into any) error {
		v, err := env.QueryWorkflow(query)
		if err != nil {
			return err
		}
		return v.Get(into)
	})
}

// Stub replaces the body of a task in a test by fn, a function of the same type. It runs
// as the body would: Around, limits of time and policies of retries are as they are, its
// errors are final or not as those of the body are, and it may take an exit. The task of a
// [Child] runs it as an activity, and the other flow need not be registered.
func Stub(fn any) TaskOption {
	return taskOption(func(t *task) { t.stub = fn })
}
