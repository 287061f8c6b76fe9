package waterfall_test

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

func ExampleLog() {
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "duration" || a.Key == "critical" {
			return slog.Attr{} // differs from run to run
		}
		return a
	}})
	stats := &waterfall.Stats{Log: &waterfall.Log{Logger: slog.New(handler)}}
	g := asap.New(context.Background(), asap.Name("home"), asap.Observe(stats))
	user := g.Go("user", func(context.Context) (string, error) { return "", errors.New("not found") })
	user.Then("page", func(_ context.Context, user string) (string, error) { return "Hello " + user, nil })
	_ = g.Wait()
	// Output:
	// level=ERROR msg="asap: group failed" group=home run=1 task=user error="user: not found"
}
