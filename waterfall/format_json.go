package waterfall

import (
	"bytes"
	"cmp"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/asap-go/asap"
)

// The JSON of a run, version 1. All times are integers, nanoseconds since the
// group's start.
//
//	{
//	"asap":"run", "version":1,
//	"name":"checkout",               of the outermost group
//	"began":"2026-11-21T20:00:00Z",  wall clock, may be absent
//	"makespan":360000000,
//	"ended":true,
//	"groups":[                       the outermost one first
//	{"id":1, "parent":7, "name":"payment", "limit":4, "start":0, "end":360000000,
//	 "outcome":"succeeded", "error":"text"}],
//	"tasks":[                        in order of declaration
//	{"id":2, "group":1, "parent":7, "name":"user", "deps":[3], "limit":2,
//	 "outcome":"failed", "error":"text",
//	 "pieces":[{"state":"running", "start":0, "end":120000000, "on":3}]}],
//	"notes":["text"]
//	}
//
// What is zero may be absent. IDs are positive, and unique among groups and
// tasks; "on" and "parent" are such IDs. States are queued, running, blocked;
// outcomes succeeded, failed, skipped, canceled, exited, panicked, goexited, or
// absent as long as there is none. The rest of the rules are [Run.Validate]'s.
// A reader refuses a member that it does not know: a change of the schema is a
// new version.

const jsonVersion = 1

type jsonRun struct {
	Asap     string      `json:"asap"`
	Version  int         `json:"version"`
	Name     string      `json:"name,omitzero"`
	Began    time.Time   `json:"began,omitzero"`
	Makespan int64       `json:"makespan"`
	Ended    bool        `json:"ended"`
	Groups   []jsonGroup `json:"groups"`
	Tasks    []jsonTask  `json:"tasks"`
	Notes    []string    `json:"notes,omitzero"`
}

type jsonGroup struct {
	ID      asap.ID     `json:"id"`
	Parent  asap.ID     `json:"parent,omitzero"`
	Name    string      `json:"name,omitzero"`
	Limit   int         `json:"limit,omitzero"`
	Start   int64       `json:"start"`
	End     int64       `json:"end"`
	Outcome jsonOutcome `json:"outcome,omitzero"`
	Err     string      `json:"error,omitzero"`
}

type jsonTask struct {
	ID      asap.ID     `json:"id"`
	Group   asap.ID     `json:"group"`
	Parent  asap.ID     `json:"parent,omitzero"`
	Name    string      `json:"name"`
	Deps    []asap.ID   `json:"deps,omitzero"`
	Limit   int         `json:"limit,omitzero"`
	Outcome jsonOutcome `json:"outcome,omitzero"`
	Err     string      `json:"error,omitzero"`
	Pieces  []jsonPiece `json:"pieces"`
}

type jsonPiece struct {
	State jsonState `json:"state"`
	Start int64     `json:"start"`
	End   int64     `json:"end"`
	On    asap.ID   `json:"on,omitzero"`
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
	j := jsonRun{
		Asap: "run", Version: jsonVersion, Name: r.Name, Began: r.Began.UTC(), Makespan: int64(r.Makespan), Ended: r.Ended, Notes: r.Notes,
		Groups: make([]jsonGroup, len(r.Groups)), Tasks: make([]jsonTask, len(r.Tasks)),
	}
	if r.Began.IsZero() {
		j.Began = time.Time{}
	}
	for i, g := range r.Groups {
		j.Groups[i] = jsonGroup{g.ID, g.Parent, g.Name, g.Limit, int64(g.Start), int64(g.End), jsonOutcome(g.Outcome), g.Err}
	}
	for i, t := range r.Tasks {
		pieces := make([]jsonPiece, len(t.Pieces))
		for k, p := range t.Pieces {
			pieces[k] = jsonPiece{jsonState(p.State), int64(p.Start), int64(p.End), p.On}
		}
		j.Tasks[i] = jsonTask{t.ID, t.Group, t.Parent, t.Name, t.Deps, t.Limit, jsonOutcome(t.Outcome), t.Err, pieces}
	}
	b, err := json.Marshal(&j, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return err
	}
	_, err = w.Write(lines(b))
	return err
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

// ReadError says what is wrong with the JSON of a run, and where.
type ReadError struct {
	Line, Column int // from 1; columns count bytes
	Err          error
}

func (e *ReadError) Error() string {
	return fmt.Sprintf("line %d, column %d: %v", e.Line, e.Column, e.Err)
}

// Unwrap returns what is wrong.
func (e *ReadError) Unwrap() error { return e.Err }

// ReadJSON reads one run as [JSON] writes it, to the end of r. It refuses
// another version, unknown members, and a run that [Run.Validate] refuses,
// with a *[ReadError] that has the place.
func ReadJSON(r io.Reader) (*Run, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var j jsonRun
	if err := json.Unmarshal(data, &j, json.RejectUnknownMembers(true)); err != nil {
		return nil, at(data, err)
	}
	switch {
	case j.Asap != "run":
		return nil, placed(data, "/asap", errors.New(`this is not a recorded run: "asap" is not "run"`))
	case j.Version != jsonVersion:
		return nil, placed(data, "/version", fmt.Errorf("version %d of the format; this reads version %d", j.Version, jsonVersion))
	}
	run := j.run()
	if err := run.Validate(); err != nil {
		pointer := jsontext.Pointer("")
		if f, ok := errors.AsType[*flaw](err); ok {
			pointer = f.place
		}
		return nil, placed(data, pointer, err)
	}
	return run, nil
}

func (j *jsonRun) run() *Run {
	run := &Run{
		Name: j.Name, Began: j.Began, Makespan: time.Duration(j.Makespan), Ended: j.Ended, Notes: j.Notes,
		Groups: make([]Group, len(j.Groups)), Tasks: make([]Task, len(j.Tasks)),
	}
	for i, g := range j.Groups {
		run.Groups[i] = Group{ID: g.ID, Parent: g.Parent, Name: g.Name, Limit: g.Limit, Start: time.Duration(g.Start), End: time.Duration(g.End), Outcome: asap.Outcome(g.Outcome), Err: g.Err}
	}
	for i, t := range j.Tasks {
		pieces := make([]Piece, len(t.Pieces))
		for k, p := range t.Pieces {
			pieces[k] = Piece{State(p.State), time.Duration(p.Start), time.Duration(p.End), p.On}
		}
		run.Tasks[i] = Task{ID: t.ID, Group: t.Group, Parent: t.Parent, Name: t.Name, Deps: t.Deps, Limit: t.Limit, Outcome: asap.Outcome(t.Outcome), Err: t.Err, Pieces: pieces}
	}
	return run
}

// at gives an error of the decoder its line and column.
func at(data []byte, err error) error {
	offset := int64(len(data))
	if s, ok := errors.AsType[*json.SemanticError](err); ok {
		offset = s.ByteOffset
		if s.JSONPointer != "" {
			if _, found := find(data, s.JSONPointer); found >= 0 {
				offset = found
			}
		}
		what := s.Err
		switch {
		case what == nil:
			what = fmt.Errorf("want %s, not %s", wanted(s.GoType), kindNames[s.JSONKind])
		case errors.Is(what, strconv.ErrSyntax), errors.Is(what, strconv.ErrRange):
			what = fmt.Errorf("want %s, not %s", wanted(s.GoType), cmp.Or(string(s.JSONValue), "another number"))
		}
		if err = what; s.JSONPointer != "" {
			err = fmt.Errorf("%s: %w", s.JSONPointer, what)
		}
	} else if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		offset, err = s.ByteOffset, s.Err
	}
	return newReadError(data, offset, err)
}

var kindNames = map[jsontext.Kind]string{
	'n': "null", 'f': "false", 't': "true", '"': "a string", '0': "a number", '{': "an object", '[': "an array",
}

// wanted is what a member of a Go type is in JSON.
func wanted(t reflect.Type) string {
	if t == nil {
		return "another value"
	}
	switch t.Kind() {
	case reflect.Struct:
		return "an object"
	case reflect.Slice:
		return "an array"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	}
	if t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64 {
		return "a positive whole number"
	}
	return "a whole number"
}

func placed(data []byte, p jsontext.Pointer, err error) error {
	_, offset := find(data, p)
	return newReadError(data, max(0, offset), err)
}

func newReadError(data []byte, offset int64, err error) error {
	before := data[:min(offset, int64(len(data)))]
	return &ReadError{
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: 1 + len(before) - (1 + bytes.LastIndexByte(before, '\n')),
		Err:    err,
	}
}

// find returns the offset of the value, or the nearest one around it, that a
// JSON pointer names.
func find(data []byte, p jsontext.Pointer) (jsontext.Pointer, int64) {
	d := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true))
	best, place := jsontext.Pointer(""), int64(-1)
	for {
		start := d.InputOffset()
		if _, err := d.ReadToken(); err != nil {
			return best, place
		}
		here := d.StackPointer()
		if (here == p || here.Contains(p)) && (place < 0 || len(here) >= len(best)) {
			if here != best || place < 0 {
				best, place = here, skipBlank(data, start)
			}
		}
	}
}

func skipBlank(data []byte, at int64) int64 {
	for at < int64(len(data)) && strings.IndexByte(" \t\r\n,:", data[at]) >= 0 {
		at++
	}
	return at
}
