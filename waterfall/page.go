package waterfall

import (
	_ "embed"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"html/template"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/look"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed sim.js
var simJS string

//go:embed assume.js
var assumeJS string

//go:embed page.js
var pageJS string

// pageData is what the page's program works on: what it shows, and the model
// that it runs again. Times are nanoseconds.
type pageData struct {
	Title    string      `json:"title"`
	Makespan int64       `json:"makespan"`
	Ended    bool        `json:"ended"`
	Limit    int         `json:"limit"`
	Limits   [][2]int    `json:"limits"` // how many slots, and 1 if they are shared; that of the outermost group first
	Rows     []pageRow   `json:"rows"`
	Tasks    []pageTask  `json:"tasks"`
	More     []pageTask  `json:"more"` // from other runs
	Groups   []pageGroup `json:"groups"`
	Caller   pageTask    `json:"caller"`
	Shared   []int       `json:"shared"`
	Chains   []pageChain `json:"chains"`
	Steps    []pageStep  `json:"steps"`
	Typical  int64       `json:"typical"` // what a body takes that never ran
	Assumed  []string    `json:"assumed"` // what predictions rest on, in words
}

type pageTask struct {
	Path    string     `json:"path"`
	Group   int        `json:"group"`
	Parent  int        `json:"parent"`
	Outcome int        `json:"outcome"`
	Word    string     `json:"word"`
	Err     string     `json:"err"`
	Needs   []string   `json:"needs"`
	Slack   int64      `json:"slack"`
	Pieces  [][4]int64 `json:"pieces"` // state, start, end, on: task, −2−group, or −1
	Kind    int        `json:"kind"`
	Deps    []int      `json:"deps"`
	Lag     int64      `json:"lag"`
	Limit   int        `json:"limit"`
	Slots   []int      `json:"slots"` // of which limits, the innermost first
	Ops     []pageOp   `json:"ops"`
	Parts   [][2]int64 `json:"parts"`
	Body    *pageBody  `json:"body,omitzero"` // what only few tasks have
}

// pageBody is what else the simulation knows of a task.
type pageBody struct {
	Ending    int    `json:"ending,omitzero"`
	Own       int    `json:"own,omitzero"`
	Late      int64  `json:"late,omitzero"`
	Deaf      bool   `json:"deaf,omitzero"`
	Outlives  bool   `json:"outlives,omitzero"`
	Given     bool   `json:"given,omitzero"`
	Ends      []bool `json:"ends,omitzero"`
	MayFail   bool   `json:"mayFail,omitzero"`
	Tolerated bool   `json:"tolerated,omitzero"`
	Optional  bool   `json:"optional,omitzero"`
	Unbegun   int64  `json:"unbegun,omitzero"` // how long after its group an engine ended it, and 1
	Timeout   int64  `json:"timeout,omitzero"`
	Within    int64  `json:"within,omitzero"`
	Shared    int    `json:"shared,omitzero"`
	// What it rests on when something hangs on this body.
	Around  bool         `json:"around,omitzero"`
	Outran  bool         `json:"outran,omitzero"`  // the end of its context
	Refused bool         `json:"refused,omitzero"` // a wait, by that
	Heard   bool         `json:"heard,omitzero"`   // other runs tell whether it looks at its context,
	Hearing bool         `json:"hearing,omitzero"` // or the record does
	Forks   bool         `json:"forks,omitzero"`   // and the record ends before it did
	Several bool         `json:"several,omitzero"` // goroutines waited at once
	Learned *pageLearned `json:"learned,omitzero"`
}

// pageLearned is what a body takes by other runs.
type pageLearned struct {
	Took string `json:"took"`
	Runs int    `json:"runs"`
}

type pageOp struct {
	K  int        `json:"k"`
	D  int64      `json:"d"`
	On int        `json:"on"`
	T  [][2]int64 `json:"t"`
	G  bool       `json:"g,omitzero"` // goes on if it fails
	F  bool       `json:"f,omitzero"` // it failed
	U  bool       `json:"u,omitzero"` // as it took no time, what is declared in that instant may be so before or after
}

type pageGroup struct {
	Name    string `json:"name"`
	Owner   int    `json:"owner"`
	Limit   int    `json:"limit"`
	Cancels int    `json:"cancels"`
	Start   int64  `json:"start"`
	Settled bool   `json:"settled"`
	Shared  int    `json:"shared"`
}

type pageChain struct {
	After int        `json:"after"`
	Tasks [][2]int64 `json:"tasks"`
}

type pageStep struct {
	Task  int   `json:"task"`
	State int   `json:"state"`
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

func spawns(list []spawned) [][2]int64 {
	out := make([][2]int64, len(list))
	for i, s := range list {
		out[i] = [2]int64{int64(s.task), int64(s.after)}
	}
	return out
}

func (r *Run) pageData(known *Sample) *pageData {
	plain, m := r.model(), r.modelWith(known)
	slack := plain.graph().slack()
	d := &pageData{
		Title: r.title(), Makespan: int64(r.Makespan), Ended: r.Ended, Limit: r.limit(),
		Caller: m.pageTask(m.caller, 0), Shared: []int{}, Tasks: make([]pageTask, len(r.Tasks)), More: []pageTask{},
		Groups: make([]pageGroup, len(m.run.Groups)-1),
		Chains: []pageChain{}, Steps: []pageStep{}, Typical: int64(m.typical), Assumed: assumptions[:],
	}
	critical := make(map[asap.ID]bool)
	for _, s := range r.CriticalPath() {
		t, ok := m.task[s.Task]
		if !ok {
			t = -1
		}
		critical[s.Task] = true
		d.Steps = append(d.Steps, pageStep{t, int(s.State), int64(s.Start), int64(s.End)})
	}
	d.Rows = r.index().pageRows(critical) // without the caller, whom the model has as a task
	for i := range d.Groups {
		g := &m.run.Groups[i]
		owner, ok := m.task[g.Parent]
		if !ok {
			owner = -1
		}
		d.Groups[i] = pageGroup{told(g.Name), owner, g.Limit, m.cancels[i], int64(g.Start), m.settled[i], g.Shared}
	}
	for _, l := range r.Shared {
		d.Shared = append(d.Shared, l.Limit)
	}
	all := *m.run // with what is from other runs, without the caller
	all.Tasks, all.Groups = all.Tasks[:m.caller], all.Groups[:len(all.Groups)-1]
	slots := all.index().makeSlots()
	for _, l := range slots.limits {
		shared := 0
		if l.Shared > 0 {
			shared = 1
		}
		d.Limits = append(d.Limits, [2]int{l.Limit, shared})
	}
	for i := range r.Tasks {
		d.Tasks[i] = m.pageTask(i, slack[i])
		d.Tasks[i].Slots = slots.of[i]
	}
	for i := m.recorded; i < m.caller; i++ {
		t := m.pageTask(i, 0)
		t.Slots = slots.of[i]
		d.More = append(d.More, t)
	}
	for i := range r.Tasks {
		if list := m.chains[i]; len(list) > 0 {
			d.Chains = append(d.Chains, pageChain{i, spawns(list)})
		}
	}
	return d
}

// mostNeeds is how many tasks a page lists that one task needed.
const mostNeeds = 20

func (m *model) pageTask(i int, slack time.Duration) pageTask {
	t, mt := &m.run.Tasks[i], &m.tasks[i]
	p := pageTask{
		Path: m.told(i), Group: m.group[t.Group], Parent: m.parent(i), Outcome: int(t.Outcome),
		Word: outcomeWord(t.Outcome, t.Outcome != 0), Err: plain(clip(strings.TrimPrefix(t.Err, "asap: "), 4*longestTold)),
		Needs: []string{}, Slack: int64(slack), Kind: int(mt.kind), Deps: mt.deps, Lag: int64(mt.lag), Limit: t.Limit,
		Ops: make([]pageOp, len(mt.ops)), Parts: spawns(mt.parts), Body: m.pageBody(i), Pieces: make([][4]int64, len(t.Pieces)),
	}
	sources := m.sources(i)
	for _, s := range sources[:min(len(sources), mostNeeds)] {
		p.Needs = append(p.Needs, called(m.run.Tasks[s].Name))
	}
	if n := len(sources) - mostNeeds; n > 0 {
		p.Needs = append(p.Needs, fmt.Sprintf("%d more", n))
	}
	if p.Deps == nil {
		p.Deps = []int{}
	}
	for k, o := range mt.ops {
		if o.kind == opWait || o.kind == opWaitGroup {
			o.d = o.due
		}
		p.Ops[k] = pageOp{int(o.kind), int64(o.d), o.on, spawns(o.tasks), o.goesOn, o.failed, o.unsure}
	}
	for k, q := range t.Pieces {
		on := -1
		if k, ok := m.task[q.On]; ok {
			on = k
		} else if g, ok := m.group[q.On]; ok {
			on = -2 - g
		}
		p.Pieces[k] = [4]int64{int64(q.State), int64(q.Start), int64(q.End), int64(on)}
	}
	return p
}

func (m *model) pageBody(i int) *pageBody {
	t, mt := &m.run.Tasks[i], &m.tasks[i]
	b := pageBody{
		Ending: int(mt.ending), Own: int(mt.own), Late: int64(mt.late), Deaf: mt.deaf, Outlives: mt.outlives(), Given: mt.given, MayFail: mt.mayFail, Tolerated: mt.tolerated,
		Optional: t.Optional, Timeout: int64(t.Timeout), Within: int64(m.due(i)), Shared: t.Shared,
		Around: t.Around, Outran: m.over[i] < t.End(), Refused: mt.refused, Heard: mt.heard, Several: mt.several,
	}
	if mt.kind == isBody {
		b.Hearing, b.Forks = m.tellsHearing(i), m.fork(i) >= 0
	}
	if l, ok := m.learned[i]; ok {
		b.Learned = &pageLearned{duration(l.took), l.runs}
	}
	if slices.Contains(mt.ends, true) {
		b.Ends = mt.ends
	}
	if m.unbegun(i) && mt.kind == isBody {
		b.Unbegun = 1 + max(0, int64(t.End()-m.over[i]))
	}
	if b.Ends == nil && reflect.DeepEqual(b, pageBody{}) {
		return nil
	}
	return &b
}

// figure is a number above the chart.
type figure struct{ Name, Value, Note string }

func (r *Run) figures() []figure {
	m := r.Measure()
	figures := []figure{
		{"makespan", duration(r.Makespan), "start to end"},
		{"work T₁", duration(m.Work), "one after the other"},
		{"span T∞", duration(m.Span), "longest path"},
		{"by level", duration(m.ByLevel), "with barriers"},
		{"parallelism", digits(m.Parallelism) + "×", "T₁ / T∞"},
		{"peak", count(m.Peak, "body"), "at once"},
	}
	if m.Peak != 1 {
		figures[5].Value = strings.TrimSuffix(figures[5].Value, "bodys") + "bodies"
	}
	return append(figures, figure{"efficiency", digits(100*m.Efficiency) + " %", "of the best schedule"})
}

var page = template.Must(template.New("page").Parse(pageHTML))

// maxPageTasks is where a browser would choke on the model.
const maxPageTasks = 50_000

// Frame is what a server puts around the page of a run.
type Frame struct {
	// Nonce is the one of the server's content security policy; the page's style
	// and its scripts carry it. Without one they carry none.
	Nonce string
	// Top stands above the page's heading, such as links to other pages.
	Top template.HTML
	// Others are other runs of the same flow, which tell the page's what-if what this one
	// does not, as [Sample.Predict]; nil if there are none.
	Others *Sample
}

// WriteHTML writes the page that [Run.Write] writes as [HTML] in a frame, in one
// Write. It fails for a run of more than 50,000 tasks, and with what w returns.
func (r *Run) WriteHTML(w io.Writer, f Frame) error {
	var b strings.Builder
	if err := r.writeHTML(&b, f); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Run) writeHTML(b *strings.Builder, f Frame) error {
	if n := len(r.Tasks); n > maxPageTasks {
		return fmt.Errorf("waterfall: %d tasks are too many for a page, which holds %d; use %s", n, maxPageTasks, Perfetto)
	}
	data, err := json.Marshal(r.pageData(f.Others), jsontext.EscapeForHTML(true), jsontext.EscapeForJS(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return err
	}
	ranking := r.ranking(f.Others)
	gains, more := gainRows(ranking)
	return page.Execute(b, map[string]any{
		"Title":   r.title(),
		"Nonce":   f.Nonce,
		"Top":     f.Top,
		"CSS":     template.CSS(look.CSS + pageCSS),
		"Sim":     template.JS(simJS),
		"Assume":  template.JS(assumeJS),
		"JS":      template.JS(pageJS),
		"Data":    template.JS(data),
		"Figures": r.figures(),
		"Words":   noBreaks(r.Explain()),
		"Text":    r.Text(100, false),
		"Gains":   gains,
		"Assumed": slices.ContainsFunc(ranking[:len(gains)], func(g Gain) bool { return g.Assumed }),
		"More":    more,
		"First":   noBreaks(r.first()),
		"Ended":   r.Ended,
	})
}
