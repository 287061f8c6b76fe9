package durable

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// temporald builds a Temporal server, once for a machine, and prints where it is.
const temporald = "github.com/asap-go/asap/temporalasap/internal/servertest/server/temporald"

// Build returns the path of a Temporal server's program. The first time on a
// machine that takes minutes, and say is told so. It needs the go command and
// has to be called in a folder of this module.
func Build(ctx context.Context, say io.Writer) (program string, err error) {
	cmd := exec.CommandContext(ctx, "go", "run", temporald, "-build")
	cmd.Stderr = say
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("build a Temporal server with go run %s -build, in a folder of this module: %w", temporald, errors.Join(err, context.Cause(ctx)))
	}
	return strings.TrimSpace(string(out)), nil
}

// server is a Temporal server in a process of its own. It ends when this
// process does, however that dies, because it reads the end of its input then.
type server struct {
	Addr string // of gRPC
	UI   string // of the web interface: http://host:port

	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{} // closed when the process has ended
	err   error         // how, to be read when ended is closed
}

// uiPort is where the web interface is if nobody else is there.
const uiPort = 8233

// startTime is more than a start takes, by far.
const startTime = time.Minute

// startServer starts a server whose workflows are in the file temporal.db of
// the folder, and returns when it answers.
func startServer(ctx context.Context, program, dir string, say io.Writer) (s *server, err error) {
	for _, wanted := range []int{uiPort, 0, 0} { // somebody else may be faster at a port
		var port int
		if port, err = freePort(wanted); err != nil {
			return nil, err
		}
		s, err = startServerAt(ctx, port, program, dir, say)
		if !errors.Is(err, io.EOF) {
			break
		}
	}
	return s, err
}

func startServerAt(ctx context.Context, port int, program, dir string, say io.Writer) (_ *server, err error) {
	// No CommandContext: ctx ends the waiting, and stop the server.
	cmd := exec.Command(program, "-stdin", "-db", filepath.Join(dir, "temporal.db"), "-port", "0", "-ui-port", strconv.Itoa(port))
	cmd.Stderr = say
	ownGroup(cmd)
	s := &server{cmd: cmd, ended: make(chan struct{})}
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a Temporal server: %w", err)
	}
	ready := make(chan error, 1)
	go func() { // ends with the process; stop waits for it
		defer close(s.ended)
		line, err := bufio.NewReader(out).ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, s)
		}
		ready <- err
		io.Copy(io.Discard, out)
		s.err = cmd.Wait()
	}()
	select {
	case err = <-ready:
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-time.After(startTime):
		err = fmt.Errorf("no word of it within %v", startTime)
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("start a Temporal server: %w", errors.Join(err, s.err))
	}
	return s, nil
}

// stop ends the server at once: its file survives that.
func (s *server) stop() {
	s.cmd.Process.Kill()
	<-s.ended
	s.stdin.Close()
}

// freePort is a port of this machine that nobody listens on: the wanted one,
// or any.
func freePort(wanted int) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(wanted)))
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
