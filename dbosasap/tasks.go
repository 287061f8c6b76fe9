package dbosasap

import (
	"github.com/asap-go/asap/flow"
)

// try is how far the attempts of a body are that has failed before.
type try struct {
	attempt int
	err     string
}

// begins and failed note the attempts of a body.
func (e *engine) begins(f *flight, attempt int) {
	if attempt == 1 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tries[f.call.Task] = try{attempt, e.tries[f.call.Task].err}
}

func (e *engine) failed(f *flight, attempt int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tries[f.call.Task] = try{attempt, shown(err)}
}

// withTries adds what a group does not know: that a body has run before.
func withTries(all []flow.TaskState, tries map[string]try) []flow.TaskState {
	for i := range all {
		if t := tries[all[i].Task]; t.attempt > all[i].Attempt || t.attempt == 1 && all[i].State == flow.StateRunning {
			all[i].Attempt = t.attempt
			if all[i].State == flow.StateRunning {
				all[i].Error = t.err
			}
		}
	}
	return all
}
