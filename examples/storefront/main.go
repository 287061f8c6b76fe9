// Storefront is a shop whose pages are put together from a database and six
// services, in three ways: one call after the other, with errgroup level by
// level, and with asap.
//
//	go run . -demo     compares the three under load and exits
//	go run . -serve    keeps the shop open and prints its address
//
// With -serve -temporal, orders are workflows on a Temporal server that the
// program starts, and are finished even if it is killed in the middle.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
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
	f := flag.NewFlagSet("storefront", flag.ContinueOnError)
	f.SetOutput(help)
	demoing := f.Bool("demo", false, "drive each page in each mode, print what that took, and exit")
	serving := f.Bool("serve", false, "keep the shop open until interrupted")
	addr := f.String("addr", "127.0.0.1:8080", "with -serve: where the shop listens")
	temporal := f.Bool("temporal", false, "with -serve: orders are workflows on a Temporal server, which is built first, once, for minutes")
	server := f.String("server", "", "with -temporal: program of the server, as temporald -build prints it (default: build it)")
	dir := f.String("dir", "", "with -serve: folder of the database files, which is made if it is not there (default: one that is removed at the end)")
	seed := f.Uint64("seed", 1, "of the catalogue, the latencies and the load")
	speed := f.Float64("latency", 1, "multiplies the latencies of the services; 0: none")
	patience := f.Duration("patience", 150*time.Millisecond, "how long a page waits for its optional parts")
	timeout := f.Duration("timeout", 2*time.Second, "how long a page waits for a service; with -demo at least 10s, for slow machines")
	faults := f.String("faults", "", "what is wrong from the start, as ads=down,currency=slow")
	rate := f.Float64("rate", 20, "with -demo: requests a second, of each mode")
	each := f.Duration("for", 11*time.Second, "with -demo: how long each page is driven")
	if err := f.Parse(args); err != nil {
		return err
	}
	broken, err := services.ParseFaults(*faults)
	switch {
	case err != nil:
		return err
	case f.NArg() > 0:
		return fmt.Errorf("argument %q: want flags only", f.Arg(0))
	case *demoing == *serving:
		f.Usage()
		return errors.New("want one of -demo and -serve")
	case *server != "" && !*temporal:
		return errors.New("-server is for -temporal")
	case misplaced(f, *demoing) != nil:
		return misplaced(f, *demoing)
	case *speed < 0 || *patience <= 0 || *timeout <= 0 || *rate <= 0 || *each <= 0:
		return errors.New("-latency must not be negative; -patience, -timeout, -rate and -for must be more than 0")
	}
	cfg := settings{dir: *dir, addr: *addr, seed: *seed, speed: *speed, timeout: *timeout, patience: *patience, faults: broken, temporal: *temporal, server: *server, say: help}
	if *serving && *dir != "" {
		if err := os.Mkdir(*dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	if *demoing || *dir == "" {
		temp, err := os.MkdirTemp("", "storefront")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		cfg.dir = temp
	}
	if *demoing {
		cfg.timeout = max(cfg.timeout, 10*time.Second)
		return demo(ctx, cfg, *rate, *each, out)
	}
	return serve(ctx, cfg, out)
}

// misplaced is an error for a flag whose help says that it is for the mode
// which was not asked for.
func misplaced(f *flag.FlagSet, demoing bool) (err error) {
	other := "-demo"
	if demoing {
		other = "-serve"
	}
	f.Visit(func(set *flag.Flag) {
		if strings.HasPrefix(set.Usage, "with "+other+":") {
			err = fmt.Errorf("-%s is for %s", set.Name, other)
		}
	})
	return err
}

// serve keeps a shop open until ctx ends.
func serve(ctx context.Context, cfg settings, out io.Writer) error {
	cfg.stats = new(waterfall.Stats)
	w, err := start(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The shop is open at %s/ (Ctrl-C closes it).\n", w.url)
	fmt.Fprintf(out, "Where its time goes is at %s/debug/asap/\n", w.url)
	for _, name := range services.Names() {
		fmt.Fprintf(out, "  %-16s %s\n", name, w.services.URL(name))
	}
	if w.engine != nil {
		fmt.Fprintf(out, "Its orders are workflows: %s/namespaces/default/workflows\n", w.engine.URL())
	}
	select {
	case <-ctx.Done():
		return w.close()
	case err := <-w.served:
		w.served <- err // for close
		return errors.Join(err, w.close())
	case <-w.ended():
		return errors.Join(errors.New("the Temporal server has ended"), w.close())
	}
}
