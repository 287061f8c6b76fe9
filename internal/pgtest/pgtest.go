//go:build unix

// Package pgtest runs a real PostgreSQL for tests, from Debian's package, as a process of
// the test.
package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Server is a PostgreSQL in a folder of the test, on loopback, with a user "asap" who
// needs no password. Its methods are called one after the other.
type Server struct {
	t         *testing.T
	bin, data string
	port      int
	as        *syscall.Credential // it refuses to run as root
	server    *exec.Cmd
	over      chan struct{} // closed when it has ended
}

// Start starts a PostgreSQL, which ends with the test. Without one the test is skipped,
// in CI it fails.
func Start(t *testing.T) *Server {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if path, err := exec.LookPath("pg_isready"); err == nil && len(found) == 0 {
		found = append(found, path) // beside the others
	}
	if len(found) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("no PostgreSQL; install Debian's package postgresql")
		}
		t.Skip("SKIPPED: no PostgreSQL; install Debian's package postgresql")
	}
	slices.Sort(found)
	p := &Server{t: t, bin: filepath.Dir(found[len(found)-1]), port: FreePort(t)}
	// Not TempDir: the path of a socket must be short, and its owner is another one.
	folder, err := os.MkdirTemp("", "asap-pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if os.Getuid() == 0 {
		p.as = nobody(t)
		if err := errors.Join(os.Chmod(folder, 0o755), os.Chown(folder, int(p.as.Uid), int(p.as.Gid))); err != nil {
			t.Fatal(err)
		}
	}
	p.data = filepath.Join(folder, "data")
	if out, err := p.command("initdb", "-D", p.data, "-U", "asap", "-A", "trust", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	p.Restart()
	t.Cleanup(p.Kill)
	return p
}

func (p *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(p.bin, name), args...)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: p.as}
	c.Dir = filepath.Dir(p.data)
	return c
}

// Restart runs the server until it takes connections: again if it ends, as one does
// that finds processes of a killed one still alive.
func (p *Server) Restart() {
	p.t.Helper()
	var said bytes.Buffer
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		said.Reset()
		p.server = p.command("postgres", "-D", p.data, "-p", strconv.Itoa(p.port), "-k", filepath.Dir(p.data),
			"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300")
		p.server.Stderr = &said
		if err := p.server.Start(); err != nil {
			p.t.Fatal(err)
		}
		p.over = make(chan struct{})
		go func() {
			defer close(p.over)
			_ = p.server.Wait()
		}()
		for {
			if p.command("pg_isready", "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(p.port)).Run() == nil {
				return
			}
			select {
			case <-p.over:
			case <-time.After(50 * time.Millisecond):
				continue
			}
			break
		}
	}
	p.t.Fatalf("PostgreSQL does not start:\n%s", &said)
}

// Kill ends the server at once; what it has started notices.
func (p *Server) Kill() {
	_ = p.server.Process.Kill()
	<-p.over
}

// Addr is where it listens, host and port.
func (p *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)) }

// URL is that of its database postgres.
func (p *Server) URL() string {
	return fmt.Sprintf("postgres://asap@127.0.0.1:%d/postgres?sslmode=disable", p.port)
}

// nobody is a user that is not root: that of the package if there is one.
func nobody(t *testing.T) *syscall.Credential {
	t.Helper()
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Fatal("no user postgres or nobody to run a PostgreSQL as")
	return nil
}

// FreePort returns a port of loopback that nobody listens on at the moment.
func FreePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
