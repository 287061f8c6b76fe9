package main

import (
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// A service that writes a line for groups that fail, are slow or are stuck.
func logged(logger *slog.Logger) *waterfall.Stats {
	stats := &waterfall.Stats{Log: &waterfall.Log{Logger: logger, Slow: 3, Stuck: 10 * time.Second}}
	return stats
}

// docs/seeing.md has the line of a checkout whose quote hangs.
func TestLog(t *testing.T) {
	page, err := os.ReadFile("../../docs/seeing.md")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	options := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	synctest.Test(t, func(t *testing.T) {
		stats := logged(slog.New(slog.NewTextHandler(&b, options)))
		g := asap.New(t.Context(), asap.Name("checkout"), asap.Observe(stats))
		checkout(g, 12*time.Second)
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
	if line := "```\n" + b.String() + "```\n"; !strings.Contains(string(page), line) {
		t.Errorf("docs/seeing.md has not\n%s", line)
	}
}
