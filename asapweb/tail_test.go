package asapweb_test

import (
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asapweb"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// decided are decisions that are there already.
type decided []tail.Decision

func (d decided) Decisions() []tail.Decision { return d }

func TestTail(t *testing.T) {
	stats := new(waterfall.Stats)
	stats.Add(checkout("checkout", 100*time.Millisecond, asap.Succeeded))
	stats.Add(checkout("other", 100*time.Millisecond, asap.Succeeded))
	h := newHandler(stats, asapweb.Tail(decided{
		{Group: "checkout", Task: "stock", Hedge: true, Delay: 50 * time.Millisecond, Within: 80 * time.Millisecond, Why: "it is slow", Calls: 200, Hedged: 10, Won: 5, Refused: 3, GivenUp: 4},
		{Group: "checkout", Task: "<script>alert(1)</script>", Why: "<b>\x00no</b>"},
	}, nil), asapweb.Tail(tail.Hedge()))
	body := page(t, h, group("checkout"))
	contains(t, "the page", body, "called again after 50 ms, given up after 80 ms", "10, 5", "5, 50", "4, 2", "it is slow", "left alone", "&lt;script&gt;")
	if strings.Contains(body, "<script>alert") || strings.Contains(body, "<b>\x00") || strings.Contains(body, "\x00") {
		t.Error("names and texts are not escaped")
	}
	if body := page(t, h, group("other")); strings.Contains(body, "Second calls") {
		t.Error("the page of another name has the decisions")
	}
	if body := page(t, newHandler(stats), group("checkout")); strings.Contains(body, "Second calls") {
		t.Error("a page without deciders has decisions")
	}
}
