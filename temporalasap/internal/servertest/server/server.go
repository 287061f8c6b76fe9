package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// Settings says how the server runs. The zero value is what most tests want:
// a fresh file in a directory of its own, namespace "default", no web
// interface, cancellations pushed to the workers.
type Settings struct {
	DB        string // SQLite file, made when it is not there; "" is a new one
	Namespace string // "" is "default"
	UI        bool   // serve the web interface too
	NoPush    bool   // cancellation reaches a running activity by heartbeat only
	Log       string // level of the server's log: debug, info, warn, error ("" is error)
}

// Server is a running Temporal server, or a killed one until Restart. Its
// methods may be called from any goroutine; Kill, Restart and Close one after
// the other.
type Server struct {
	set     Settings
	program string
	port    int
	uiPort  int
	dir     string // removed by Close when the server made it

	mu    sync.Mutex
	child *child // nil between Kill and Restart
	said  tail
}

// child is one process of the server.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{} // closed when Wait has returned
	ready Ready
}

// Ready is what the server says of itself when it answers calls.
type Ready struct {
	Addr      string // gRPC, host:port
	UI        string // web interface, http://host:port; "" when there is none
	Namespace string
	DB        string
	Version   string // of the Temporal server
	PID       int
	Millis    int64 // from start of main to ready
}

// startTimeout is far more than a start takes: half a second, a few when the
// machine is busy.
const startTimeout = 3 * time.Minute

// Launch builds the server if need be, starts it and waits until it answers
// calls. ctx ends the building and the waiting, not the server: Close does,
// and the death of this process. The log goes to Log.
func Launch(ctx context.Context, set Settings) (*Server, error) {
	program, err := Build(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	s := &Server{set: set, program: program}
	if s.set.Namespace == "" {
		s.set.Namespace = "default"
	}
	if s.set.DB == "" {
		if s.dir, err = os.MkdirTemp("", "asap-temporal-"); err != nil {
			return nil, err
		}
		s.set.DB = filepath.Join(s.dir, "temporal.db")
	}
	// Another process may take a port between the choice and its use.
	for range 5 {
		if err = s.choosePorts(); err != nil {
			break
		}
		if err = s.start(ctx); err == nil {
			return s, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	s.Close()
	return nil, err
}

// Addr is the address to dial, host and port. It is the same after Restart.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// UI is the address of the web interface, or "" when Settings asks for none.
func (s *Server) UI() string {
	if s.uiPort == 0 {
		return ""
	}
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(s.uiPort))
}

// Namespace is the namespace that is there from the start.
func (s *Server) Namespace() string { return s.set.Namespace }

// Ready is what the running server said of itself; it is zero while killed.
func (s *Server) Ready() Ready {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		return Ready{}
	}
	return s.child.ready
}

// Log is the end of what the server wrote to its log, without the stacks that
// it adds to every line: for a test that failed.
func (s *Server) Log() string { return stack.ReplaceAllString(s.said.String(), "") }

var stack = regexp.MustCompile(`,"stacktrace":"[^"]*"`)

// Kill ends the server at once, as SIGKILL does: no call in flight is
// answered, nothing is flushed. It returns when the process is gone, and does
// nothing when there is none.
func (s *Server) Kill() {
	s.mu.Lock()
	c := s.child
	s.child = nil
	s.mu.Unlock()
	if c == nil {
		return
	}
	c.cmd.Process.Kill()
	<-c.ended
	c.stdin.Close()
}

// Restart kills the server if it runs, starts it on the same ports and the
// same file, and returns when it answers calls.
func (s *Server) Restart(ctx context.Context) error {
	s.Kill()
	return s.start(ctx)
}

// Close kills the server and removes the file if Launch made it.
func (s *Server) Close() {
	s.Kill()
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}

func (s *Server) start(ctx context.Context) error {
	args := []string{
		"-stdin",
		"-addr", "127.0.0.1",
		"-port", strconv.Itoa(s.port),
		"-ui-port", strconv.Itoa(s.uiPort),
		"-db", s.set.DB,
		"-namespace", s.set.Namespace,
		"-push=" + strconv.FormatBool(!s.set.NoPush),
	}
	if s.set.Log != "" {
		args = append(args, "-log", s.set.Log)
	}
	// Not CommandContext: ctx ends the waiting, not the server.
	cmd := exec.Command(s.program, args...)
	cmd.Stderr = &s.said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	c := &child{cmd: cmd, stdin: stdin, ended: make(chan struct{})}
	line := make(chan error, 1)
	go func() { // ends with the process, whose end closes stdout
		text, err := bufio.NewReader(stdout).ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(text, &c.ready)
		}
		line <- err
		io.Copy(io.Discard, stdout)
		cmd.Wait()
		close(c.ended)
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("no answer within "+startTimeout.String()))
	defer cancel()
	select {
	case err = <-line:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		cmd.Process.Kill()
		<-c.ended
		return fmt.Errorf("server: start on port %d: %w\n%s", s.port, err, s.Log())
	}
	s.mu.Lock()
	s.child = c
	s.mu.Unlock()
	return nil
}

// choosePorts takes ports below the range from which systems give ports to
// outgoing connections: a connection could take the port of a killed server
// before its restart.
func (s *Server) choosePorts() error {
	ports := make([]int, 0, 2)
	for tries := 0; len(ports) < cap(ports); tries++ {
		if tries == 100 {
			return errors.New("server: no free port found")
		}
		port := 20_000 + rand.IntN(12_000)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		defer l.Close() // so that the second differs
		ports = append(ports, port)
	}
	s.port = ports[0]
	if s.set.UI {
		s.uiPort = ports[1]
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 32 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if extra := len(t.text) - tailSize; extra > tailSize {
		t.text = bytes.Clone(t.text[extra:])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return last(t.text, tailSize)
}
