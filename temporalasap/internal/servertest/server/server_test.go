package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

// launchAndSleep is the environment variable that makes this test binary a
// parent which starts a server, prints what it is, and never closes it.
const launchAndSleep = "ASAP_SERVER_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(launchAndSleep) != "" {
		s, err := server.Launch(context.Background(), server.Settings{DB: os.Getenv(launchAndSleep)})
		if err != nil {
			panic(err)
		}
		json.NewEncoder(os.Stdout).Encode(s.Ready())
		select {}
	}
	code := m.Run()
	server.CloseShared()
	os.Exit(code)
}

// greet waits for a signal and returns what it says.
func greet(ctx workflow.Context) (string, error) {
	var name string
	workflow.GetSignalChannel(ctx, "name").Receive(ctx, &name)
	return "hello " + name, nil
}

func work(t *testing.T, c client.Client, queue string) {
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(greet)
	if err := w.Start(); err != nil {
		t.Fatalf("start of the worker: %v", err)
	}
	t.Cleanup(w.Stop)
}

func TestWorkflowOutlivesKill(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.UI(), server.Namespace("shop"))
	addr, ui := s.Addr(), s.UI()
	c := s.Client()
	work(t, c, "greetings")
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "one", TaskQueue: "greetings"}, greet)
	if err != nil {
		t.Fatalf("start of the workflow: %v", err)
	}
	if code := get(t, ui); code != http.StatusOK {
		t.Errorf("GET %s: status %d, want 200", ui, code)
	}
	before := s.Ready()
	s.Kill()
	if pid := s.Ready().PID; pid != 0 {
		t.Errorf("a killed server says it is process %d", pid)
	}
	s.Restart()
	after := s.Ready()
	if after.PID == before.PID {
		t.Errorf("process %d before and after the restart", after.PID)
	}
	if s.Addr() != addr || after.Addr != addr || s.UI() != ui || after.UI != ui {
		t.Errorf("after the restart it is at %s and %s, says %s and %s; was at %s and %s",
			s.Addr(), s.UI(), after.Addr, after.UI, addr, ui)
	}
	if after.Namespace != "shop" || s.Namespace() != "shop" {
		t.Errorf("namespace %q and %q, want shop", after.Namespace, s.Namespace())
	}
	if err := c.SignalWorkflow(t.Context(), "one", run.GetRunID(), "name", "ada"); err != nil {
		t.Fatalf("signal after the restart: %v", err)
	}
	var got string
	if err := run.Get(t.Context(), &got); err != nil || got != "hello ada" {
		t.Errorf("the workflow of before the kill gave %q, %v; want hello ada", got, err)
	}
}

func get(t *testing.T, url string) int {
	resp, err := http.Get(url)
	if err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func TestSharedIsOne(t *testing.T) {
	t.Parallel()
	a, b := server.Shared(t), server.Shared(t)
	if a.Addr() != b.Addr() || a.Ready().PID != b.Ready().PID {
		t.Errorf("two servers: %+v and %+v", a.Ready(), b.Ready())
	}
	if a.Ready().Version == "" || a.Ready().Millis <= 0 {
		t.Errorf("a running server says %+v", a.Ready())
	}
}

// TestEndsWithParent kills a process that has a server, which must end too.
func TestEndsWithParent(t *testing.T) {
	t.Parallel()
	server.Shared(t) // skips, or builds
	db := filepath.Join(t.TempDir(), "orphan.db")
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), launchAndSleep+"="+db)
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var ready server.Ready
	if err := json.NewDecoder(stdout).Decode(&ready); err != nil {
		t.Fatalf("read what the parent says: %v", err)
	}
	child, err := os.FindProcess(ready.PID)
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Signal(syscall.Signal(0)); err != nil {
		t.Fatalf("process %d of the server: %v", ready.PID, err)
	}
	parent.Process.Kill()
	parent.Wait()
	for end := time.Now().Add(3 * time.Minute); child.Signal(syscall.Signal(0)) == nil; {
		if time.Now().After(end) {
			child.Kill()
			t.Fatalf("the server (process %d) lives 3 minutes after its parent was killed", ready.PID)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestLaunchSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	server.Shared(t)
	db := filepath.Join(t.TempDir(), "no", "such", "directory.db")
	s, err := server.Launch(t.Context(), server.Settings{DB: db})
	if err == nil {
		s.Close()
		t.Fatalf("Launch with a file in a missing directory succeeded")
	}
	if !strings.Contains(err.Error(), "no such file or directory") {
		t.Errorf("Launch says %q, want the reason", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := server.Launch(ctx, server.Settings{}); err == nil {
		s.Close()
		t.Errorf("Launch with a dead context succeeded")
	}
}

// TestWithoutServer runs a test of this binary where no server can be built:
// it is skipped in so many words, and fails in CI.
func TestWithoutServer(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, ci, says string
		ok             bool
	}{
		{"by hand", "", "SKIP TestSharedIsOne: no Temporal server", true},
		{"in CI", "true", "no Temporal server", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestSharedIsOne$")
			cmd.Env = append(os.Environ(), "PATH=", "XDG_CACHE_HOME="+t.TempDir(), "HOME="+t.TempDir(), "LocalAppData="+t.TempDir(), "CI="+row.ci)
			out, err := cmd.CombinedOutput()
			if (err == nil) != row.ok || !strings.Contains(string(out), row.says) {
				t.Errorf("the test ended with %v and said %q; want success %t and %q", err, out, row.ok, row.says)
			}
		})
	}
}

// TestArguments gives the server's program what it cannot work with.
func TestArguments(t *testing.T) {
	t.Parallel()
	server.Shared(t)
	program, err := server.Build(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ args, want string }{
		{"", "-db is missing"},
		{"-db x -port 70000", "-port 70000: outside"},
		{"-db x -port 7233 -ui-port 7233", "the gRPC port has it"},
		{"-db x -addr localhost", "-addr localhost: not an IP address"},
		{"-db x -namespace=", "-namespace is empty"},
		{"-db x -shards 0", "-shards 0: at least 1"},
		{"-db x more", `unexpected argument "more"`},
	} {
		cmd := exec.Command(program, strings.Fields(row.args)...)
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 2 || !strings.Contains(string(out), row.want) {
			t.Errorf("devserver %s: %v, %q; want exit status 2 and %q", row.args, err, out, row.want)
		}
	}
}
