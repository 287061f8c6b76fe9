package flow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// TestWriteSignals: a signal and a sleep say what they are.
func TestWriteSignals(t *testing.T) {
	g, err := told().Graph()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := g.Write(&b, "mermaid"); err != nil {
		t.Fatal(err)
	}
	want := `---
title: "told"
---
flowchart LR
  t0["input"]
  t1["approval<br/>signal<br/>timeout 24h0m0s"]
  t2["pause<br/>sleep 1h0m0s"]
  t1 -.-> t2
  classDef mayFail stroke-dasharray:4 3
  class t1 mayFail
  classDef given fill:#88888833
  class t0 given
`
	if got := b.String(); got != want {
		t.Errorf("mermaid:\n%s\nwant:\n%s", got, want)
	}
}

func told() *flow.Flow[int, struct{}] {
	return flow.Define("told", func(g *asap.Group, _ *asap.Task[int]) *asap.Task[struct{}] {
		approval := flow.Signal[bool](g, "approval", asap.Timeout(24*time.Hour))
		return flow.Sleep(g, "pause", time.Hour, asap.After(approval))
	})
}
