package asapweb

import (
	"fmt"
	"strings"

	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/tail"
)

// Decider is what decides about tasks: a [tail.Hedger] or a [tail.Learner].
type Decider interface {
	Decisions() []tail.Decision
}

// Tail shows on the page of a name what was decided about its tasks, and what came of it:
// which are called a second time, and which are given up. Deciders add up. They are asked
// for every such page, at the same time for several.
func Tail(deciders ...Decider) Option {
	return option(func(h *handler) {
		for _, d := range deciders {
			if d != nil {
				h.deciders = append(h.deciders, d)
			}
		}
	})
}

// decisionRow is a decision as a page shows it.
type decisionRow struct {
	Task, Does, Why            string
	Calls                      int64
	Hedged, Won, Refused, Gave string
}

// decisions are those about the tasks of a group.
func (h *handler) decisions(group string) (rows []decisionRow) {
	for _, by := range h.deciders {
		for _, d := range by.Decisions() {
			if d.Group == group && len(rows) < maxTasks {
				rows = append(rows, newDecisionRow(&d))
			}
		}
	}
	return rows
}

func newDecisionRow(d *tail.Decision) decisionRow {
	var does []string
	if d.Hedge {
		does = append(does, "called again after "+look.Duration(d.Delay))
	}
	if d.Within > 0 {
		does = append(does, "given up after "+look.Duration(d.Within))
	}
	if len(does) == 0 {
		does = append(does, "left alone")
	}
	return decisionRow{
		Task: cut(d.Task, 120), Does: strings.Join(does, ", "), Why: cut(d.Why, 240), Calls: d.Calls,
		Hedged: ofAll(d.Hedged, d.Calls), Won: ofAll(d.Won, d.Hedged), Refused: fmt.Sprint(d.Refused), Gave: ofAll(d.GivenUp, d.Calls),
	}
}

// ofAll is a number, and what share it is of another.
func ofAll(n, all int64) string {
	if n == 0 || all == 0 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d, %s", n, percent(float64(n)/float64(all)))
}
