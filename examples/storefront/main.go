// Storefront is a shop whose pages are put together from a database and six
// services, in three ways: one call after the other, with errgroup level by
// level, and with asap; and with asap so that what is slow this once does not
// hold up the page.
//
//	go run . -demo     compares the four under load and exits
//	go run . -serve    keeps the shop open and prints its address
//
// With -serve -temporal localhost:7233, orders are workflows on the Temporal
// server there, and are finished even if the shop is killed in the middle.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/waterfall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "storefront:", err)
		stop()
		os.Exit(1)
	}
}

// run is the program. What it prints goes to out, the help to help.
func run(ctx context.Context, args []string, out, help io.Writer) error {
	cfg := settings{unread: 10 * time.Second}
	f := flag.NewFlagSet("storefront", flag.ContinueOnError)
	f.SetOutput(help)
	demoing := f.Bool("demo", false, "drive each page in each mode, print what that took, and exit")
	serving := f.Bool("serve", false, "keep the shop open until interrupted")
	addr := f.String("addr", "127.0.0.1:8080", "with -serve: where the shop listens")
	f.StringVar(&cfg.server, "temporal", "", "with -serve: address of the Temporal server on which orders are workflows")
	f.StringVar(&cfg.dir, "dir", "", "with -serve: folder of the database files, which is made if it is not there (default: one that is removed at the end)")
	f.Uint64Var(&cfg.seed, "seed", 1, "of the catalogue, the latencies and the load")
	f.Float64Var(&cfg.speed, "latency", 1, "multiplies the latencies of the services; 0: none")
	f.DurationVar(&cfg.Patience, "patience", 150*time.Millisecond, "how long a page waits for its optional parts; with -demo as for any call, unless it is given")
	f.DurationVar(&cfg.Deadline, "deadline", 80*time.Millisecond, "in mode tail: how long after its start a page does without its optional parts")
	f.Float64Var(&cfg.together, "correlation", 0, "of the latencies of a call and its second one, from 0 to 1")
	f.Float64Var(&cfg.share, "share", .02, "in mode tail: of the calls, those that may be made twice, from .0001, which is next to none")
	f.DurationVar(&cfg.timeout, "timeout", 2*time.Second, "how long a page waits for a service; with -demo at least 30s, for slow machines")
	f.DurationVar(&cfg.slowBy, "slow", 5*time.Second, "how late a slow service is, unless it is repaired before")
	f.StringVar(&cfg.faults, "faults", "", "what is wrong from the start, as ads=down,currency=slow")
	f.BoolVar(&cfg.predicts, "predict", false, "with -demo: what the runs of mode asap predict of mode tail, beside what it was")
	rate := f.Float64("rate", 30, "with -demo: requests a second, of each mode")
	each := f.Duration("for", 20*time.Second, "with -demo: how long each page is driven")
	if err := f.Parse(args); err != nil {
		return err
	}
	switch {
	case f.NArg() > 0:
		return fmt.Errorf("argument %q: want flags only", f.Arg(0))
	case *demoing == *serving:
		f.Usage()
		return errors.New("want one of -demo and -serve")
	case *demoing && (cfg.dir != "" || cfg.server != ""):
		return errors.New("-dir and -temporal are for -serve")
	case cfg.speed < 0 || cfg.Patience <= 0 || cfg.Deadline <= 0 || cfg.timeout <= 0 || *rate <= 0 || *each <= 0:
		return errors.New("-latency must not be negative; -patience, -deadline, -timeout, -rate and -for must be more than 0")
	case cfg.together < 0 || cfg.together > 1:
		return errors.New("-correlation must be from 0 to 1")
	case cfg.share < .0001 || cfg.share > 1:
		return errors.New("-share must be from .0001 to 1")
	}
	if cfg.dir == "" {
		temp, err := os.MkdirTemp("", "storefront")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		cfg.dir = temp
	} else if err := os.Mkdir(cfg.dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if *demoing {
		cfg.timeout = max(cfg.timeout, 30*time.Second)
		given := false
		f.Visit(func(f *flag.Flag) { given = given || f.Name == "patience" })
		if !given {
			cfg.Patience = cfg.timeout
		}
		if cfg.speed > 0 { // as slow a world has as long a patience
			cfg.Deadline = time.Duration(cfg.speed * float64(cfg.Deadline))
		}
		return demo(ctx, cfg, *rate, *each, out)
	}
	return serve(ctx, cfg, *addr, out)
}

// serve keeps a shop open until ctx ends; pages that are being made then get
// five seconds.
func serve(ctx context.Context, cfg settings, addr string, out io.Writer) (err error) {
	cfg.stats = new(waterfall.Stats)
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	defer ln.Close()
	s, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }() // ends with Shutdown
	fmt.Fprintf(out, "The shop is open at http://%s/ (Ctrl-C closes it).\n", ln.Addr())
	fmt.Fprintf(out, "Where its time goes is at http://%s/debug/asap/\n", ln.Addr())
	for _, name := range services.Names {
		fmt.Fprintf(out, "  %-16s %s\n", name, s.Services.URL(name))
	}
	if cfg.server != "" {
		fmt.Fprintf(out, "Its orders are workflows: %s/namespaces/default/workflows\n", temporalUI)
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}
