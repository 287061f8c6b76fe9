// Command release makes a release: one version for every module that users
// import or install from. And it checks before that users will be able to.
//
//	go run ./internal/release v0.1.0       print what the release does
//	go run ./internal/release -do v0.1.0   do it, but for the push
//	go run ./internal/release -check       make it in a clone and use it
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	do := flag.Bool("do", false, "do what else is printed, but for the push")
	check := flag.Bool("check", false, "release in a clone, and from an empty module get, build and install everything")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: release [-do] VERSION, such as v0.1.0, or release -check")
		flag.PrintDefaults()
	}
	flag.Parse()
	if *check && (*do || flag.NArg() > 0) || !*check && flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, ".", flag.Arg(0), *do)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// run releases the repository around dir, or checks it if version is empty.
func run(ctx context.Context, out io.Writer, dir, version string, do bool) error {
	forgetHook()
	r, err := open(ctx, dir)
	if err != nil {
		return err
	}
	if version == "" {
		return checkRelease(ctx, out, r)
	}
	if err := r.releasable(ctx, version); err != nil {
		return err
	}
	steps, err := r.plan(version)
	if err != nil {
		return err
	}
	for _, s := range steps {
		fmt.Fprintln(out, s)
		if do && !s.public {
			if _, err := command(ctx, r.dir, nil, s.args...); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetHook makes git look at the directory it is run in: within a hook the
// environment names another repository, and commits would go there.
func forgetHook() {
	err := errors.Join(os.Unsetenv("GIT_DIR"), os.Unsetenv("GIT_WORK_TREE"), os.Unsetenv("GIT_INDEX_FILE"))
	if err != nil {
		panic(err) // cannot be: the names are fine
	}
}
