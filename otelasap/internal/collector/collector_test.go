package main_test

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
)

//go:embed config.yaml
var config string

// collector is a running child process.
type collector struct {
	address string
	command *exec.Cmd
	out     chan string // all that it wrote, when it has ended
}

// start builds the collector, starts it and waits until it is ready.
func start(t *testing.T) *collector {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "collector")
	build(t, program)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{address: l.Addr().String(), out: make(chan string, 1)}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	l.Close()
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(config, "PORT", port)), 0o600); err != nil {
		t.Fatal(err)
	}
	c.command = exec.Command(program, "--config", path)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.command.Stdout, c.command.Stderr = write, write
	if err := c.command.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	t.Cleanup(func() { _ = c.command.Process.Kill() })
	ready := make(chan struct{})
	go func() { // ends with the collector's output
		var all strings.Builder
		told := false
		lines := bufio.NewScanner(read)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			all.WriteString(lines.Text() + "\n")
			if !told && strings.Contains(lines.Text(), "Everything is ready") {
				told = true
				close(ready)
			}
		}
		c.out <- all.String()
	}()
	select {
	case <-ready:
	case out := <-c.out:
		t.Fatalf("the collector ended:\n%s", out)
	case <-time.After(time.Minute):
		t.Fatal("the collector is not ready after a minute")
	}
	return c
}

func build(t *testing.T, program string) {
	t.Helper()
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
}

// stop ends the collector and returns what it wrote.
func (c *collector) stop(t *testing.T) string {
	t.Helper()
	if err := c.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	out := <-c.out
	if err := c.command.Wait(); err != nil {
		t.Fatalf("the collector ended with %v\n%s", err, out)
	}
	return out
}

// span is one as the debug exporter prints it.
type span struct {
	name, id, parent, status string
	attributes               map[string]string
	links                    []string // IDs
}

func parse(out string) (spans map[string]*span) {
	spans = make(map[string]*span)
	var s *span
	inLinks := false
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case strings.HasPrefix(line, "Span #"):
			s, inLinks = &span{attributes: make(map[string]string)}, false
		case strings.HasPrefix(line, "Metric #"):
			s = nil
		case s == nil:
		case strings.HasPrefix(line, "Links:"):
			inLinks = true
		case key == "Parent ID":
			s.parent = value
		case key == "ID":
			s.id = value
		case key == "Name" && s.name == "":
			s.name = value
			spans[value] = s
		case key == "Status code":
			s.status = value
		case inLinks && key == "-> ID":
			s.links = append(s.links, value)
		case !inLinks && strings.HasPrefix(key, "-> "):
			s.attributes[strings.TrimPrefix(key, "-> ")] = value
		}
	}
	return spans
}

// What a group reports arrives in a real collector: over OTLP, in real time.
func TestCollector(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	traces, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(c.address), otlptracegrpc.WithInsecure())
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpoint(c.address), otlpmetricgrpc.WithInsecure())
	if err != nil {
		t.Fatal(err)
	}
	tracers := trace.NewTracerProvider(trace.WithBatcher(traces))
	meters := metric.NewMeterProvider(metric.WithReader(metric.NewPeriodicReader(metrics)))
	observer := otelasap.New(otelasap.TracerProvider(tracers), otelasap.MeterProvider(meters))

	g := asap.New(ctx, asap.Name("checkout"), asap.Settled(), asap.Limit(1), asap.Observe(observer)) // so some are queued
	body := func(context.Context) (int, error) { time.Sleep(2 * time.Millisecond); return 1, nil }
	cart, user := g.Go("cart", body), g.Go("user", body)
	cart.And(user).Then("quote", func(ctx context.Context, a, b int) (int, error) { return a + b, nil })
	cart.Then("charge", func(context.Context, int) (int, error) { return 0, errors.New("card refused") }).
		Then("receipt", func(context.Context, int) (int, error) { return 0, nil })
	g.Go("caf\xe9", body) // no UTF-8, which no exporter can send
	if err := g.Wait(); err == nil {
		t.Fatal("Wait = nil, want the failure of charge")
	}
	if err := errors.Join(tracers.Shutdown(ctx), meters.Shutdown(ctx)); err != nil {
		t.Fatal(err)
	}

	out := c.stop(t)
	spans := parse(out)
	for _, name := range []string{"checkout", "cart", "user", "quote", "charge", "caf\uFFFD"} {
		if spans[name] == nil {
			t.Fatalf("the collector has no span %s:\n%s", name, out)
		}
	}
	for _, name := range []string{"cart", "user", "quote", "charge"} {
		if s := spans[name]; s.parent != spans["checkout"].id {
			t.Errorf("span %s is a child of %s, want checkout's %s", name, s.parent, spans["checkout"].id)
		}
	}
	if got, want := fmt.Sprint(spans["quote"].links), fmt.Sprint([]string{spans["cart"].id, spans["user"].id}); got != want {
		t.Errorf("links of quote are %s, want %s", got, want)
	}
	if s := spans["charge"]; s.status != "Error" || s.attributes["asap.outcome"] != "Str(failed)" || s.attributes["error.type"] != "Str(*errors.errorString)" {
		t.Errorf("span charge is %+v, want an error", s)
	}
	if s := spans["quote"]; s.status != "Unset" || s.attributes["asap.outcome"] != "Str(succeeded)" {
		t.Errorf("span quote is %+v, want a success", s)
	}
	for _, name := range []string{"asap.group.duration", "asap.task.duration", "asap.task.queued", "asap.task.critical", "asap.task.skipped"} {
		if !strings.Contains(out, "-> Name: "+name+"\n") {
			t.Errorf("the collector has no metric %s", name)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}
