package temporalasap_test

import (
	"bytes"
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
	if out := workflowcheck(t, "."); out != "" {
		t.Errorf("workflowcheck says:\n%s", out)
	}
}

// workflowcheck returns what the checker says of a package.
func workflowcheck(t *testing.T, pkg string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", "tool", "workflowcheck", pkg)
	c.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	if err != nil && !strings.Contains(out.String(), "non-deterministic") {
		t.Fatalf("go tool workflowcheck: %v\n%s", err, out.String())
	}
	return out.String()
}
