package dbosasap_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/waterfall"
)

func TestHistory(t *testing.T) {
	var refunds atomic.Int32
	f := newOrder(&refunds)
	rt := newRuntime(t, serve(f))
	h, err := dbosasap.Start(t.Context(), rt, f, 7)
	if err != nil {
		t.Fatal(err)
	}
	until(t, h, "approval", flow.StateExpected)
	until(t, h, "patience", flow.StateSucceeded)
	for _, ended := range []bool{false, true} {
		if ended {
			if err := h.Signal(t.Context(), "approval", true); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Wait(within(t, 20*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		run, err := dbosasap.History(rt, f, h.ID())
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := run.Write(&text, waterfall.Text); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"order: ", "charge ", "patience ", "ship ", "approval waiting "} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("the picture is\n%s\nwant it to have %q", &text, want)
			}
		}
		if got := strings.Contains(text.String(), "order: running for"); got == ended {
			t.Errorf("the picture says %.40q, and it has ended: %t", text.String(), ended)
		}
	}
	if _, err := dbosasap.History(rt, f, "nobody's"); err == nil || !strings.Contains(err.Error(), "there is no workflow nobody's") {
		t.Errorf("History of what is not there gives %v", err)
	}
}
