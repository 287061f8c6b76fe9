package temporalasap_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Temporal's own checker finds nothing in the workflow's code that could differ
// from replay to replay: the order of a map, the time, goroutines.
func TestWorkflowcheck(t *testing.T) {
	if testing.Short() {
		t.Skip("it reads every dependency: 10 s")
	}
	// The findings are on standard output, by -json. On standard error is what
	// the go command says, such as what it downloads.
	c := exec.CommandContext(t.Context(), "go", "tool", "workflowcheck", "-json", ".")
	c.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	c.Stderr = t.Output()
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go tool workflowcheck: %v", err)
	}
	if found := strings.TrimSpace(string(out)); found != "{}" {
		t.Errorf("workflowcheck found:\n%s", found)
	}
}
