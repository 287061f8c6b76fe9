package otelasap_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCollector sends what groups report to a real OpenTelemetry collector. The
// collector and its test are a module of their own, internal/collector, and
// take minutes to build, so that is done beforehand, into the directory that
// ASAP_COLLECTOR names:
//
//	cd internal/collector && sh build.sh $ASAP_COLLECTOR
//
// With ASAP_COLLECTOR_WAIT the test waits for a build that goes on.
func TestCollector(t *testing.T) {
	dir := os.Getenv("ASAP_COLLECTOR")
	if dir == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("ASAP_COLLECTOR is not set: CI has to build the collector first, see internal/collector/build.sh")
		}
		t.Skip("NOT TESTED with a real collector: build it with internal/collector/build.sh and set ASAP_COLLECTOR to where it is")
	}
	built, failed := filepath.Join(dir, "built"), filepath.Join(dir, "failed")
	for begin := time.Now(); !exists(built); time.Sleep(time.Second) {
		switch {
		case exists(failed):
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("the collector was not built:\n%s", log)
		case os.Getenv("ASAP_COLLECTOR_WAIT") == "":
			t.Skipf("NOT TESTED with a real collector: %s does not have it yet", dir)
		case time.Since(begin) > 9*time.Minute:
			t.Fatalf("the collector is not in %s after nine minutes", dir)
		}
	}
	test := exec.CommandContext(t.Context(), filepath.Join(dir, "collector.test"), "-test.v")
	test.Env = append(os.Environ(), "ASAP_COLLECTOR_PROGRAM="+filepath.Join(dir, "collector"))
	out, err := test.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestCollector") {
		t.Errorf("the collector's test: %v\n%s", err, out)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
