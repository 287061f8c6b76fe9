package asapweb

import (
	"fmt"
	"slices"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

const (
	maxTold  = 100 // running groups that are asked for, the most overdue first
	maxStuck = 8   // of those that are stuck, told of at length
	maxFew   = 3   // of the others, told of at length
	maxLive  = 12  // or on a line each, if they are more

	// maxLooked is how many tasks a group on a line has that is looked at for who waits
	// for whom. Of more tasks the page of the group's run tells: this one may be made
	// every second.
	maxLooked = 2000
)

// running are the groups that run at this moment.
type running struct {
	All        int
	Stuck      []liveRow // the most overdue of each name
	Like       []liveRow // and those beside them
	Few        []liveRow // the others, told of at length
	Others     []liveRow // or in a line each, if they are many
	MoreStuck  int
	MoreOthers int
}

// liveRow is a running group.
type liveRow struct {
	Number     uint64
	Name       string
	For, Since string
	Overdue    string
	Words      []string
	Waits      []waitRow
	More       int // tasks that are not shown
	Open       bool
	Task       string // what everything waits for, with those around it
	Queued     bool   // that it is in a queue

	name string
}

// running tells of groups, of which so many run in all; only those that are shown are
// looked at closely.
func (h *handler) running(stuck []waterfall.Stuck, live []waterfall.Live, all int) running {
	r := running{All: all}
	hang := 0
	hangs := make(map[string]bool)
	for i, s := range stuck {
		hang += s.Groups
		hangs[s.Most.Name] = true
		if i < maxStuck {
			if row, ok := h.liveRow(&s.Most); ok {
				row.Open = len(r.Stuck) == 0
				r.Stuck = append(r.Stuck, row)
			}
		}
	}
	var others []waterfall.Live
	for i := range live {
		l := &live[i]
		switch {
		case !l.Stuck || !hangs[l.Name]:
			others = append(others, *l)
		case len(r.Stuck)+len(r.Like) < maxStuck && !slices.ContainsFunc(r.Stuck, func(o liveRow) bool { return o.Number == l.Number }):
			if row, ok := h.liveRow(l); ok {
				r.Like = append(r.Like, row)
			}
		}
	}
	r.MoreStuck = max(0, hang-len(r.Stuck)-len(r.Like))
	list := &r.Others
	if all-hang <= maxFew {
		list = &r.Few
	}
	for _, l := range others[:min(len(others), maxLive)] {
		if list == &r.Others && l.Tasks > maxLooked {
			*list = append(*list, liveRow{Number: l.Number, Name: shown(l.Name), For: look.Duration(l.Age), Overdue: look.Unbroken(overdue(&l)), Task: fmt.Sprintf("%d of its %d tasks", l.Open, l.Tasks), name: l.Name})
			continue
		}
		if row, ok := h.liveRow(&l); ok {
			row.Open = hang == 0
			*list = append(*list, row)
		}
	}
	r.MoreOthers = max(0, all-hang-min(len(others), maxLive))
	return r
}

// liveRow takes a snapshot of a group, unless it has ended meanwhile.
func (h *handler) liveRow(l *waterfall.Live) (liveRow, bool) {
	run := h.stats.Run(l.Number)
	if run == nil || run.Ended {
		return liveRow{}, false
	}
	row := liveRow{
		Number: run.Number, Name: shown(run.Name), For: look.Duration(run.Makespan), Since: clock(run.Began),
		Overdue: look.Unbroken(overdue(l)), Words: unbroken(run.Explain()), name: run.Name,
	}
	row.Waits, row.More = waits(run)
	if len(row.Waits) > 0 {
		row.Task, row.Queued = row.Waits[0].path, row.Waits[0].Does == queued
	}
	return row, true
}

// stuckOf returns the group of that name that is told of, or nil.
func (r *running) stuckOf(name string) *liveRow {
	for i := range r.Stuck {
		if r.Stuck[i].name == name {
			return &r.Stuck[i]
		}
	}
	return nil
}

// waitRow is what a task of a running group does, and since when.
type waitRow struct{ Task, Does, On, For, path string }

const queued = "is queued"

const maxWaits = 12

// waits tells of the tasks that have not ended: those that run first, because
// the others wait for them, then those that have waited longest.
func waits(run *waterfall.Run) (rows []waitRow, more int) {
	names := make(map[asap.ID]string)
	tasks := make(map[asap.ID]*waterfall.Task, len(run.Tasks))
	for i := range run.Groups {
		names[run.Groups[i].ID] = "group " + shown(run.Groups[i].Name)
	}
	type open struct {
		task *waterfall.Task
		waterfall.Piece
	}
	var list []open
	for i := range run.Tasks {
		t := &run.Tasks[i]
		names[t.ID], tasks[t.ID] = t.Name, t
		if t.Outcome == 0 && len(t.Pieces) > 0 {
			list = append(list, open{t, t.Pieces[len(t.Pieces)-1]})
		}
	}
	rank := map[waterfall.State]int{waterfall.Running: 0, waterfall.Queued: 1, waterfall.Blocked: 2}
	slices.SortStableFunc(list, func(a, b open) int {
		if d := rank[a.State] - rank[b.State]; d != 0 {
			return d
		}
		return compareTimes(a.Start, b.Start)
	})
	// Elements of a Map that wait for the same, or for a slot, are one line.
	type alike struct {
		around, on asap.ID
		state      waterfall.State
	}
	type line struct {
		open
		name string
		n    int
	}
	var lines []line
	at := make(map[alike]int)
	for _, o := range list {
		l := line{o, o.task.Name, 1}
		if around := tasks[o.task.Parent]; around != nil && around.Group == o.task.Group && !around.Race && o.State != waterfall.Running {
			key := alike{around.ID, o.On, o.State}
			if first, ok := at[key]; ok {
				lines[first].n++
				lines[first].name = around.Name + "[]"
				continue
			}
			at[key] = len(lines)
		}
		lines = append(lines, l)
	}
	more = len(list)
	for _, l := range lines[:min(len(lines), maxWaits)] {
		row := waitRow{Task: cut(l.name, 120), For: look.Duration(l.Len()), path: cut(pathOf(tasks, l.task), 120)}
		if more -= l.n; l.n > 1 {
			row.Task += fmt.Sprintf(" ×%d", l.n)
		}
		switch l.State {
		case waterfall.Running:
			row.Does = "runs"
		case waterfall.Queued:
			row.Does = queued
		default:
			row.Does, row.On = "waits for", cut(names[l.On], 120)
			if row.On == "" {
				row.On = "what it did not say"
			}
		}
		rows = append(rows, row)
	}
	return rows, more
}

// pathOf is the name of a task after those in whose bodies it was declared.
func pathOf(tasks map[asap.ID]*waterfall.Task, t *waterfall.Task) string {
	path := t.Name
	for range 64 {
		around := tasks[t.Parent]
		if around == nil {
			break
		}
		if around.Group != t.Group { // and not the Map of an element, which has its name
			path = around.Name + "/" + path
		}
		t = around
	}
	return path
}

// clock is how instants are written: with the day if that was another one.
func clock(t time.Time) string { return instant(t, "15:04:05.000") }

// clockOfDay is clock without fractions of a second.
func clockOfDay(t time.Time) string { return instant(t, "15:04:05") }

func instant(t time.Time, layout string) string {
	switch {
	case t.IsZero():
		return ""
	case time.Since(t).Abs() >= 12*time.Hour:
		layout = "2 Jan 15:04:05"
	}
	return t.Local().Format(layout)
}
