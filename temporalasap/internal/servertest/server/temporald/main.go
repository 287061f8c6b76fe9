// Temporald builds the development server if it is not built yet, and runs it
// with its own arguments: a Temporal server for a demonstration, with nothing
// to install.
//
//	go run github.com/asap-go/asap/temporalasap/internal/servertest/server/temporald -db shop.db -ui-port 8233
//
// With -build it only builds and prints the program's path, for a script that
// wants the minutes of the first build to pass early. With -stdin it ends when
// its standard input does, so with the program that started it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func run(ctx context.Context, args []string) (code int, err error) {
	program, err := server.Build(ctx, os.Stderr)
	if err != nil {
		return 1, err
	}
	if len(args) == 1 && args[0] == "-build" {
		fmt.Println(program)
		return 0, nil
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(exit.ExitCode(), 1), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
