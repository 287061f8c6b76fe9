//go:build unix

package server

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/resolver"
	"google.golang.org/protobuf/types/known/durationpb"

	"go.temporal.io/sdk/client"

	"github.com/asap-go/asap/internal/pgtest"
)

// Cluster is a Temporal cluster as people run it: PostgreSQL, and processes of one
// service each that find each other by it. Its methods are called one after the other.
type Cluster struct {
	tb       *testing.T
	postgres *pgtest.Server
	program  string
	Nodes    []*Node
}

// Node is one process of a cluster.
type Node struct {
	Service string // frontend, history, matching or worker
	cluster *Cluster
	args    []string
	addr    string
	cmd     *exec.Cmd
	stdin   io.Closer
	said    bytes.Buffer
	over    chan struct{}
}

// Services of a cluster: two of each that flows wait for.
var clusterServices = []string{"frontend", "frontend", "history", "history", "matching", "matching", "worker"}

// StartCluster builds what it needs, for minutes the first time, and returns a cluster
// that answers. It ends with the test.
func StartCluster(t *testing.T) *Cluster {
	t.Helper()
	program, err := BuildNode(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{tb: t, postgres: pgtest.Start(t), program: program}
	began := time.Now()
	schema := exec.Command(program, "schema", "-postgres", c.postgres.Addr(), "-user", "asap")
	if out, err := schema.CombinedOutput(); err != nil {
		t.Fatalf("schema: %v\n%s", err, last(out, 2000))
	}
	t.Logf("the schema took %v", time.Since(began).Round(time.Millisecond))
	began = time.Now()
	for _, service := range clusterServices {
		port := pgtest.FreePort(t)
		n := &Node{Service: service, cluster: c, addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
		n.args = []string{"run", "-postgres", c.postgres.Addr(), "-user", "asap", "-service", service,
			"-port", strconv.Itoa(port), "-membership", strconv.Itoa(membershipPort(t))}
		n.Start()
		t.Cleanup(n.Kill)
		c.Nodes = append(c.Nodes, n)
	}
	c.makeNamespace()
	t.Logf("seven processes were up after %v", time.Since(began).Round(time.Millisecond))
	return c
}

// membershipPort is a free port that fits into the column of the membership's table, which
// has 15 bits.
func membershipPort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 10_000 + rand.IntN(22_000)
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no free port below 32,768")
	return 0
}

// Start begins the process again.
func (n *Node) Start() {
	t := n.cluster.tb
	t.Helper()
	n.said.Reset()
	n.cmd = exec.Command(n.cluster.program, n.args...)
	n.cmd.Stderr = &n.said
	var err error
	if n.stdin, err = n.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n.over = make(chan struct{})
	go func() {
		defer close(n.over)
		_ = n.cmd.Wait()
	}()
}

// Kill ends the process as SIGKILL does.
func (n *Node) Kill() {
	_ = n.cmd.Process.Kill()
	<-n.over
	_ = n.stdin.Close()
}

// Addr is what clients dial: all frontends.
func (c *Cluster) Addr() string {
	var frontends []string
	for _, n := range c.Nodes {
		if n.Service == "frontend" {
			frontends = append(frontends, n.addr)
		}
	}
	return listScheme + ":///" + strings.Join(frontends, ",")
}

// Options are those of a client that knows every frontend and goes on with the others
// when one is gone. addr is a Cluster's, or one host and port.
func Options(addr, namespace string) client.Options {
	return client.Options{HostPort: addr, Namespace: namespace, Logger: Quiet{}}
}

// makeNamespace waits until a frontend answers, and makes the namespace default.
func (c *Cluster) makeNamespace() {
	t := c.tb
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	namespaces, err := client.NewNamespaceClient(Options(c.Addr(), ""))
	if err != nil {
		t.Fatal(err)
	}
	defer namespaces.Close()
	for {
		err := namespaces.Register(ctx, &workflowservice.RegisterNamespaceRequest{
			Namespace: "default", WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour)})
		if _, there := err.(*serviceerror.NamespaceAlreadyExists); err == nil || there {
			break
		}
		c.wait(ctx, "the namespace", err)
	}
	cl, err := client.Dial(Options(c.Addr(), "default"))
	for err != nil {
		c.wait(ctx, "a client", err)
		cl, err = client.Dial(Options(c.Addr(), "default"))
	}
	defer cl.Close()
	for { // the caches of all services have to know it
		_, err := cl.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{})
		if err == nil {
			return
		}
		c.wait(ctx, "a count of workflows", err)
	}
}

func (c *Cluster) wait(ctx context.Context, what string, err error) {
	t := c.tb
	t.Helper()
	for _, n := range c.Nodes {
		select {
		case <-n.over:
			t.Fatalf("the %s node has ended:\n%s", n.Service, last(n.said.Bytes(), 2000))
		default:
		}
	}
	select {
	case <-ctx.Done():
		t.Fatalf("the cluster does not answer: %s: %v", what, err)
	case <-time.After(200 * time.Millisecond):
	}
}

// listScheme is of addresses that name several: asaplist:///127.0.0.1:1,127.0.0.1:2.
const listScheme = "asaplist"

func init() { resolver.Register(list{}) }

// list resolves to the addresses that the target is made of.
type list struct{}

func (list) Scheme() string { return listScheme }

func (list) Build(target resolver.Target, to resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	var state resolver.State
	for addr := range strings.SplitSeq(target.Endpoint(), ",") {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: addr})
	}
	return list{}, to.UpdateState(state)
}

func (list) ResolveNow(resolver.ResolveNowOptions) {}
func (list) Close()                                {}
