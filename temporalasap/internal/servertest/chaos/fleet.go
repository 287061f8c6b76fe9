package chaos

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"
)

// Fleet is worker processes of one job. Its methods may be called from any
// goroutine.
type Fleet struct {
	tb  testing.TB
	job Job

	mu      sync.Mutex
	members []*member
}

type member struct {
	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{}
}

// NewFleet starts n worker processes and returns when they listen. They die
// with tb, or with this process.
func NewFleet(tb testing.TB, job Job, n int) *Fleet {
	tb.Helper()
	f := &Fleet{tb: tb, job: job}
	tb.Cleanup(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, m := range f.members {
			m.kill()
		}
	})
	started := make([]<-chan error, n)
	for i := range n {
		started[i] = f.Add()
	}
	for _, ch := range started {
		select {
		case err := <-ch:
			if err != nil {
				tb.Fatalf("start of a worker process: %v", err)
			}
		case <-time.After(3 * time.Minute):
			tb.Fatal("a worker process has not started after three minutes")
		}
	}
	return f
}

// Add starts one more worker process without waiting for it. The channel gets
// nil when it listens.
func (f *Fleet) Add() <-chan error {
	started := make(chan error, 1)
	job, err := json.Marshal(f.job)
	if err != nil {
		started <- err
		return started
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), workerVariable+"="+string(job))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		started <- err
		return started
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		started <- err
		return started
	}
	if err := cmd.Start(); err != nil {
		started <- err
		return started
	}
	m := &member{cmd, stdin, make(chan struct{})}
	f.mu.Lock()
	f.members = append(f.members, m)
	f.mu.Unlock()
	go func() { // ends with the process
		_, err := bufio.NewReader(stdout).ReadString('\n')
		started <- err
		io.Copy(io.Discard, stdout)
		cmd.Wait()
		close(m.ended)
	}()
	return started
}

// PIDs returns the processes, the oldest first.
func (f *Fleet) PIDs() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var pids []int
	for _, m := range f.members {
		pids = append(pids, m.cmd.Process.Pid)
	}
	return pids
}

// Kill ends the process as SIGKILL does and returns the moment.
func (f *Fleet) Kill(pid int) time.Time {
	f.mu.Lock()
	i := slices.IndexFunc(f.members, func(m *member) bool { return m.cmd.Process.Pid == pid })
	m := f.members[i]
	f.members = slices.Delete(f.members, i, i+1)
	f.mu.Unlock()
	return m.kill()
}

func (m *member) kill() time.Time {
	m.cmd.Process.Kill()
	at := time.Now()
	<-m.ended
	m.stdin.Close()
	return at
}
