package waterfall

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/asap-go/asap"
)

// The JSON of a run, version 3. What its members are is said at [ReadJSON].
//
// A reader refuses a member that it does not know: a change of the schema is a
// new version. Versions 1 and 2, which are read as well, had none of the members that
// jsonRun.newer looks for; the limits of version 1 were inferred from what ran at the
// same time.

const jsonVersion = 3

type jsonRun struct {
	Asap     string       `json:"asap"`
	Version  int          `json:"version"`
	Name     string       `json:"name,omitzero"`
	TraceID  string       `json:"traceId,omitzero"`
	Began    time.Time    `json:"began,omitzero"`
	Makespan int64        `json:"makespan"`
	Ended    bool         `json:"ended"`
	Groups   []jsonGroup  `json:"groups"`
	Tasks    []jsonTask   `json:"tasks"`
	Shared   []jsonShared `json:"shared,omitzero"`
	Notes    []string     `json:"notes,omitzero"`
}

type jsonGroup struct {
	ID      asap.ID     `json:"id"`
	Parent  asap.ID     `json:"parent,omitzero"`
	Name    string      `json:"name,omitzero"`
	Limit   int         `json:"limit,omitzero"`
	Shared  int         `json:"shared,omitzero"`
	Settled bool        `json:"settled,omitzero"`
	Waits   []jsonWait  `json:"waits,omitzero"`
	Several bool        `json:"several,omitzero"`
	Start   int64       `json:"start"`
	End     int64       `json:"end"`
	Outcome jsonOutcome `json:"outcome,omitzero"`
	Late    bool        `json:"late,omitzero"`
	EndedBy asap.ID     `json:"endedBy,omitzero"`
	Err     string      `json:"error,omitzero"`
}

type jsonWait struct {
	On       asap.ID `json:"on,omitzero"`
	Start    int64   `json:"start"`
	End      int64   `json:"end"`
	Deadline int64   `json:"deadline,omitzero"`
}

type jsonShared struct {
	Limit int `json:"limit"`
}

type jsonTask struct {
	ID       asap.ID     `json:"id"`
	Group    asap.ID     `json:"group"`
	Parent   asap.ID     `json:"parent,omitzero"`
	Name     string      `json:"name"`
	Deps     []asap.ID   `json:"deps,omitzero"`
	After    []asap.ID   `json:"after,omitzero"`
	AfterEnd []asap.ID   `json:"afterEnd,omitzero"`
	Limit    int         `json:"limit,omitzero"`
	Shared   int         `json:"shared,omitzero"`
	Timeout  int64       `json:"timeout,omitzero"`
	Within   int64       `json:"within,omitzero"`
	Around   bool        `json:"around,omitzero"`
	MayFail  bool        `json:"mayFail,omitzero"`
	Optional bool        `json:"optional,omitzero"`
	Race     bool        `json:"race,omitzero"`
	Several  bool        `json:"several,omitzero"`
	Outcome  jsonOutcome `json:"outcome,omitzero"`
	Err      string      `json:"error,omitzero"`
	Pieces   []jsonPiece `json:"pieces"`
}

type jsonPiece struct {
	State    jsonState `json:"state"`
	Start    int64     `json:"start"`
	End      int64     `json:"end"`
	On       asap.ID   `json:"on,omitzero"`
	Deadline int64     `json:"deadline,omitzero"`
}

type jsonOutcome asap.Outcome

func (o jsonOutcome) MarshalText() ([]byte, error) {
	return []byte(strings.ToLower(asap.Outcome(o).String())), nil
}

func (o *jsonOutcome) UnmarshalText(text []byte) error {
	for k := asap.Succeeded; k <= asap.Goexited; k++ {
		if strings.ToLower(k.String()) == string(text) {
			*o = jsonOutcome(k)
			return nil
		}
	}
	return fmt.Errorf("outcome %q is unknown", text)
}

type jsonState State

func (s jsonState) MarshalText() ([]byte, error) { return []byte(State(s).String()), nil }

func (s *jsonState) UnmarshalText(text []byte) error {
	for k := Queued; k <= Blocked; k++ {
		if k.String() == string(text) {
			*s = jsonState(k)
			return nil
		}
	}
	return fmt.Errorf("state %q is unknown", text)
}

// writeJSON writes the run with a line for each group and each task, so that a
// line-based diff of two runs says something.
func (r *Run) writeJSON(w io.Writer) error {
	b, err := json.Marshal(r.json(), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return err
	}
	_, err = w.Write(lines(b))
	return err
}

func (r *Run) json() *jsonRun {
	j := jsonRun{
		Asap: "run", Version: jsonVersion, Name: r.Name, TraceID: r.TraceID, Began: r.Began.UTC(), Makespan: int64(r.Makespan), Ended: r.Ended, Notes: r.Notes,
		Groups: make([]jsonGroup, len(r.Groups)), Tasks: make([]jsonTask, len(r.Tasks)),
	}
	if r.Began.IsZero() {
		j.Began = time.Time{}
	}
	for i := range r.Groups {
		j.Groups[i] = groupJSON(&r.Groups[i])
	}
	for i := range r.Tasks {
		j.Tasks[i] = taskJSON(&r.Tasks[i])
	}
	for _, l := range r.Shared {
		j.Shared = append(j.Shared, jsonShared(l))
	}
	return &j
}

func groupJSON(g *Group) jsonGroup {
	var waits []jsonWait
	for _, w := range g.Waits {
		waits = append(waits, jsonWait{w.On, int64(w.Start), int64(w.End), int64(w.Deadline)})
	}
	return jsonGroup{
		ID: g.ID, Parent: g.Parent, Name: g.Name, Limit: g.Limit, Shared: g.Shared, Settled: g.Settled, Waits: waits, Several: g.Several, Late: g.Late, EndedBy: g.EndedBy,
		Start: int64(g.Start), End: int64(g.End), Outcome: jsonOutcome(g.Outcome), Err: g.Err,
	}
}

func taskJSON(t *Task) jsonTask {
	pieces := make([]jsonPiece, len(t.Pieces))
	for k, p := range t.Pieces {
		pieces[k] = jsonPiece{jsonState(p.State), int64(p.Start), int64(p.End), p.On, int64(p.Deadline)}
	}
	return jsonTask{
		ID: t.ID, Group: t.Group, Parent: t.Parent, Name: t.Name, Deps: t.Deps, After: t.After, AfterEnd: t.AfterEnd,
		Limit: t.Limit, Shared: t.Shared, Timeout: int64(t.Timeout), Within: int64(t.Within),
		Around: t.Around, MayFail: t.MayFail, Optional: t.Optional, Race: t.Race, Several: t.Several, Outcome: jsonOutcome(t.Outcome), Err: t.Err, Pieces: pieces,
	}
}

// lines breaks compact JSON before each member of the outermost object and
// each element of its arrays.
func lines(b []byte) []byte {
	var out bytes.Buffer
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case quoted:
			switch c {
			case '\\':
				out.WriteByte(c)
				i++
				c = b[i]
			case '"':
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if !quoted && depth == 0 && c == '}' {
			out.WriteByte('\n')
		}
		out.WriteByte(c)
		if !quoted && (depth == 1 && (c == '{' || c == ',') || depth == 2 && (c == '[' || c == ',' && b[i+1] == '{')) {
			out.WriteByte('\n')
		}
	}
	out.WriteByte('\n')
	return out.Bytes()
}
