// Command program returns from main, which ends the process.
package main

import (
	"context"
	"os"

	"github.com/asap-go/asap"
)

func serve(ctx context.Context) error { return ctx.Err() }

func main() {
	g := asap.New(context.Background())
	g.Do("serve", serve)
	if len(os.Args) > 1 {
		return
	}
	if err := g.Wait(); err != nil {
		os.Exit(1)
	}
}
