package asapweb

import (
	"slices"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// maxLive is how many running groups are shown, the most overdue first.
const maxLive = 20

// indexPage is what the first page shows.
type indexPage struct {
	page
	Now     string
	Live    []liveRow
	MoreRun int // running groups that are not shown
	Names   []nameRow
	Unnamed int
}

// liveRow is a running group.
type liveRow struct {
	Number     uint64
	Name       string
	For, Since string
	Words      []string
	Waits      []waitRow
	More       int // tasks that are not shown
	Open       bool
}

// nameRow is what is known about the groups of a name.
type nameRow struct {
	Raw, Name          string // as it is, and as it is shown
	Runs, Failed       int
	P50, P95, P99, Max string
	Bars               *bars
	Critical           string // the task that the slowest wait for most
	Share              string
}

func (h *handler) index(nonce string) (*answer, error) {
	base := newPage(nonce, "asap")
	base.Script = indexJS
	p := indexPage{page: base, Now: clock(time.Now()), Unnamed: h.stats.Forgotten()}
	live, all := h.stats.Live(maxLive)
	p.Live, p.MoreRun = h.liveRows(live, all <= 3), all-len(live)
	for _, name := range h.stats.Names() {
		p.Names = append(p.Names, newNameRow(h.stats.Report(name, waterfall.SinceStart)))
	}
	return show("index", p)
}

// liveRows are the rows of groups that run, but for those that have ended
// meanwhile.
func (h *handler) liveRows(live []waterfall.Live, open bool) (rows []liveRow) {
	for _, l := range live {
		if run := h.stats.Run(l.Number); run != nil && !run.Ended {
			rows = append(rows, newLiveRow(run, open))
		}
	}
	return rows
}

func newLiveRow(run *waterfall.Run, open bool) liveRow {
	l := liveRow{
		Number: run.Number, Name: shown(run.Name), For: look.Duration(run.Makespan), Since: clock(run.Began),
		Words: run.Explain(), Open: open,
	}
	l.Waits, l.More = waits(run)
	return l
}

func newNameRow(r waterfall.Report) nameRow {
	n := nameRow{
		Raw: r.Name, Name: shown(r.Name), Runs: r.Runs, Failed: failed(r.Outcomes),
		P50: look.Duration(r.P50), P95: look.Duration(r.P95), P99: look.Duration(r.P99), Max: look.Duration(r.Max),
		Bars: newBars(&r, 24, 26),
	}
	if len(r.Tasks) > 0 && r.Tasks[0].SlowShare > 0 {
		n.Critical, n.Share = look.Plain(r.Tasks[0].Name), percent(r.Tasks[0].SlowShare)
	}
	return n
}

// failed counts the runs that ended badly by themselves.
func failed(outcomes map[asap.Outcome]int) int {
	return outcomes[asap.Failed] + outcomes[asap.Panicked] + outcomes[asap.Goexited]
}

// shown is how the name of a group is shown.
func shown(name string) string {
	if name == "" {
		return "(no name)"
	}
	return look.Plain(name)
}

func percent(share float64) string {
	if share > 0 && share < 0.005 {
		return "< 1 %"
	}
	return look.Digits(float64(int(100*share+0.5))) + " %"
}

// waitRow is what a task of a running group does, and since when.
type waitRow struct{ Task, Does, On, For string }

const maxWaits = 12

// waits tells of the tasks that have not ended: those that run first, because
// the others wait for them, then those that have waited longest.
func waits(run *waterfall.Run) (rows []waitRow, more int) {
	names := make(map[asap.ID]string)
	for i := range run.Groups {
		names[run.Groups[i].ID] = "group " + shown(run.Groups[i].Name)
	}
	for i := range run.Tasks {
		names[run.Tasks[i].ID] = look.Plain(run.Tasks[i].Name)
	}
	type open struct {
		task *waterfall.Task
		waterfall.Piece
	}
	var list []open
	for i := range run.Tasks {
		if t := &run.Tasks[i]; t.Outcome == 0 && len(t.Pieces) > 0 {
			list = append(list, open{t, t.Pieces[len(t.Pieces)-1]})
		}
	}
	rank := map[waterfall.State]int{waterfall.Running: 0, waterfall.Queued: 1, waterfall.Blocked: 2}
	slices.SortStableFunc(list, func(a, b open) int {
		if d := rank[a.State] - rank[b.State]; d != 0 {
			return d
		}
		return int(min(1, max(-1, a.Start-b.Start)))
	})
	for _, o := range list[:min(len(list), maxWaits)] {
		row := waitRow{Task: names[o.task.ID], For: look.Duration(o.Len())}
		switch o.State {
		case waterfall.Running:
			row.Does = "runs"
		case waterfall.Queued:
			row.Does = "is queued"
		default:
			row.Does, row.On = "waits for", names[o.On]
			if row.On == "" {
				row.On = "what it did not say"
			}
		}
		rows = append(rows, row)
	}
	return rows, len(list) - len(rows)
}
