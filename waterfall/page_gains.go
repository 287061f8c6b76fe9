package waterfall

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/asap-go/asap/internal/look"
)

// gainRow is a line of the ranking as the page shows it.
type gainRow struct{ Name, Of, Try, Saves, Most, UpTo string }

// mostGains is how many lines of a ranking are shown.
const mostGains = 10

func gainRows(gains []Gain) (rows []gainRow, more int) {
	shown := gains[:min(len(gains), mostGains)]
	for _, g := range shown {
		r := g.row()
		r.Try = look.Unbroken(r.Try)
		rows = append(rows, r)
	}
	return rows, len(gains) - len(shown)
}

func (g *Gain) row() gainRow {
	r := gainRow{Name: told(g.Name), Saves: duration(max(0, g.Saves)), Most: duration(max(0, g.Most))}
	if g.Assumed {
		r.Saves = "≈ " + r.Saves
	}
	switch g.Change.kind {
	case changeSpeed:
		r.Try, r.UpTo = "half its time", "−"+digits(100*g.Kink)+" %"
		if g.Tasks > 1 {
			r.Of, r.Try = fmt.Sprintf("×%d", g.Tasks), "half their time"
		}
	case changeWithin:
		r.Try, r.UpTo = "within "+duration(g.Change.at), duration(g.UpTo.at)
	default:
		r.Name = "limit"
		if g.Change.kind == changeLimitOf {
			r.Name = "limit of " + told(g.Name)
		}
		if n, ok := strings.CutPrefix(g.Name, "shared"); ok && (n == "" || n[0] == '#') {
			r.Name = "shared limit" + told(n)
		}
		r.Try, r.UpTo = limitWord(g.Change.limit)+" instead of "+strconv.Itoa(g.Slots), limitWord(g.UpTo.limit)
	}
	return r
}

func limitWord(n int) string {
	if n == 0 {
		return "none"
	}
	return strconv.Itoa(n)
}

// first is what comes before any speed: what has failed the run.
func (r *Run) first() []string {
	e := explainer{index: r.index()}
	if len(r.Groups) > 0 && bad(r.Groups[0].Outcome) {
		e.cycles()
		e.failures()
		e.undos()
	}
	return e.out[:min(len(e.out), 5)]
}
