// Devserver is a whole Temporal server in one process: frontend, history,
// matching and worker service over one SQLite file, and the web interface when
// a port is given for it. The tests of temporalasap start it as a child process
// and kill it; it is a module of its own so that nothing else has its hundreds
// of dependencies.
//
//	devserver -db orders.db -port 7233 -ui-port 8233 -namespace default
//
// It prints one line of JSON when it answers calls, and nothing else, to
// standard output; the log goes to standard error.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/temporal"
)

// ready is the line that tells the parent where the server listens.
type ready struct {
	Addr      string `json:"addr"`
	UI        string `json:"ui,omitempty"` // address of the web interface
	Namespace string `json:"namespace"`
	DB        string `json:"db"`
	Version   string `json:"version"` // of the Temporal server
	PID       int    `json:"pid"`
	Millis    int64  `json:"millis"` // from the process's start of main to ready
}

func main() {
	began := time.Now()
	set, err := parse(os.Args[1:])
	switch {
	case err == flag.ErrHelp:
		os.Exit(0)
	case err != nil:
		fmt.Fprintln(os.Stderr, "devserver:", err)
		os.Exit(2)
	}
	// SIGTERM would drain for ten seconds, which tests and demonstrations do
	// not want: the database survives a sudden end, so that is the only end.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		os.Exit(0)
	}()
	if set.stdin {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}()
	}
	out := os.Stdout
	os.Stdout = os.Stderr // the web interface writes its log there
	if err := run(set, began, out); err != nil {
		fmt.Fprintln(os.Stderr, "devserver:", err)
		os.Exit(1)
	}
	select {}
}

// run brings the server up and writes the line of JSON to out. It returns at once
// then; the services go on in the background.
func run(set settings, began time.Time, out io.Writer) error {
	store, err := prepare(set)
	if err != nil {
		return err
	}
	hosts, err := addresses(set)
	if err != nil {
		return err
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(configuration(set, store, hosts)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(static(hosts)),
		temporal.WithDynamicConfigClient(tuning(set)),
		temporal.WithLogger(log.NewZapLogger(log.BuildZapLogger(log.Config{Level: set.log}))),
	)
	if err != nil {
		return fmt.Errorf("new server: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	line := ready{
		Addr:      hosts.frontend,
		Namespace: set.namespace,
		DB:        set.db,
		Version:   headers.ServerVersion,
		PID:       os.Getpid(),
	}
	if set.uiPort != 0 {
		if line.UI, err = serveUI(set, hosts.frontend); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := answers(ctx, hosts.frontend, set.namespace); err != nil {
		return err
	}
	line.Millis = time.Since(began).Milliseconds()
	return json.NewEncoder(out).Encode(line)
}
