package asapweb

import (
	"html/template"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// forecasts are what the page of a name says of changes: what would help at p99, and the
// answer to what was asked.
type forecasts struct {
	Now    string // p99, as the sample has it
	Why    string // there is nothing
	List   []forecastRow
	Hedged bool // some of it is a hedge
	Asked  string
	Answer []string
	Bad    string // why there is no answer
	Fields []field
}

// forecastRow is a suggestion.
type forecastRow struct {
	What   string
	Query  template.URL // asks for it
	After  string
	Within string // between which it is
	Costs  string
	Half   string // p99 if calls are correlated
}

// field is a value that a form hands on.
type field struct{ Name, Value string }

const (
	maxChanges    = 12   // of one question
	maxQuestion   = 1000 // bytes
	maxSuggested  = 6
	mostSuggested = 60_000 // tasks of kept runs: with more, suggestions take too long for a page
	fresh         = 10 * time.Second
	maxRemembered = 32
)

// parseWhatIf reads changes with commas between them.
func parseWhatIf(q url.Values, v *view) error {
	v.whatif = strings.TrimSpace(q.Get("whatif"))
	if len(v.whatif) > maxQuestion {
		return refuse(400, "parameter whatif: it is longer than %d bytes", maxQuestion)
	}
	for text := range strings.SplitSeq(v.whatif, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		c, err := waterfall.ParseChange(text)
		if err != nil {
			return refuse(400, "parameter whatif: %s", look.Plain(err.Error()))
		}
		v.changes = append(v.changes, c)
	}
	if len(v.changes) > maxChanges {
		return refuse(400, "parameter whatif: %d changes, and %d are the most", len(v.changes), maxChanges)
	}
	return nil
}

// remembered are suggestions of a while ago.
type remembered struct {
	group  string
	window waterfall.Window
	at     time.Time
	runs   int
	list   []*waterfall.Forecast
	why    string
}

// memory keeps suggestions for a while, as they take longer than the rest of a page.
type memory struct {
	mu   sync.Mutex
	list []remembered
}

func (m *memory) find(group string, w waterfall.Window, runs int) (remembered, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.list {
		if r.group == group && r.window == w && (r.runs == runs || time.Since(r.at) < fresh) {
			return r, true
		}
	}
	return remembered{}, false
}

func (m *memory) keep(r remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := []remembered{r}
	for _, o := range m.list {
		if (o.group != r.group || o.window != r.window) && len(list) < maxRemembered {
			list = append(list, o)
		}
	}
	m.list = list
}

// forecasts answers what was asked of a group, and makes suggestions.
func (h *handler) forecasts(v *view, runs int) *forecasts {
	f := &forecasts{Asked: look.Plain(v.whatif)}
	if group := linked(v.group); look.Plain(group) == group { // a form hands on the name as it stands in the page
		f.Fields = []field{{"group", group}, {"window", windowName(v.window)}}
	}
	known, ok := h.suggested.find(v.group, v.window, runs)
	if !ok || len(v.changes) > 0 {
		s := h.stats.Sample(v.group, v.window)
		if len(v.changes) > 0 {
			answer, err := s.WhatIf(v.changes...)
			if err != nil {
				f.Bad = sentence(err)
			} else {
				f.Answer = plainAll(answer.Words())
			}
		}
		if !ok {
			known = remembered{group: v.group, window: v.window, at: time.Now(), runs: runs}
			if s.Tasks() > mostSuggested {
				known.why = "The kept runs have so many tasks that suggestions take a while: the command asap whatif makes them."
			} else if list, err := s.Ranking(); err != nil {
				known.why = sentence(err)
			} else if known.list = list; len(list) == 0 {
				known.why = "No hedge and no deadline would make p99 shorter by a fiftieth."
			}
			h.suggested.keep(known)
		}
	}
	f.Why = known.why
	for i, s := range known.list {
		if i == maxSuggested-1 && i < len(known.list)-1 {
			s = known.list[len(known.list)-1] // all together
		} else if i >= maxSuggested {
			break
		}
		f.List = append(f.List, newForecastRow(v, s))
		f.Now = look.Duration(s.Before.P99)
		f.Hedged = f.Hedged || s.Hedged
	}
	return f
}

func newForecastRow(v *view, f *waterfall.Forecast) forecastRow {
	var changes []string
	for _, c := range f.Changes {
		changes = append(changes, c.String())
	}
	row := forecastRow{
		What: look.Unbroken(cut(f.What(), 300)), After: look.Duration(f.After.P99), Within: between(f.Low, f.High), Costs: look.Unbroken(strings.TrimPrefix(f.Costs(), "for ")),
		Query: query("group", v.group, "window", windowName(v.window), "whatif", strings.Join(changes, ", ")),
	}
	if f.AtHalf != nil {
		row.Half = look.Duration(f.AtHalf.P99)
	}
	return row
}

// between is a stretch of durations, with the unit once if it is the same.
func between(low, high time.Duration) string {
	from, to := look.Duration(low), look.Duration(high)
	n, unit, _ := strings.Cut(from, " ")
	if _, other, ok := strings.Cut(to, " "); ok && unit == other {
		from = n
	}
	return from + "–" + to
}

// sentence is an error as one.
func sentence(err error) string {
	text := look.Plain(err.Error())
	for _, lead := range []string{"waterfall: ", "what if: "} {
		text = strings.TrimPrefix(text, lead)
	}
	return cut(text, 300)
}

func plainAll(list []string) []string {
	for i := range list {
		list[i] = look.Unbroken(cut(list[i], 600))
	}
	return list
}
