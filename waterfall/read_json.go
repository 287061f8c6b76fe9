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
//
// The members of the object, where times are whole numbers of nanoseconds since the
// group's start; what is zero may be absent:
//
//	{
//	"asap":"run", "version":3,
//	"name":"checkout",               of the outermost group
//	"traceId":"4bf92f3577b34da6",    of the trace that it was made in, may be absent
//	"began":"2026-11-21T20:00:00Z",  wall clock, may be absent
//	"makespan":360000000,
//	"ended":true,
//	"groups":[                       the outermost one first
//	{"id":1, "parent":7, "name":"payment", "limit":4, "shared":1, "settled":true,
//	 "waits":[{"on":2, "start":0, "end":120000000, "deadline":200000000}], "several":true,
//	 "start":0, "end":360000000, "outcome":"canceled", "late":true, "endedBy":2, "error":"text"}],
//	"tasks":[                        in order of declaration
//	{"id":2, "group":1, "parent":7, "name":"user", "deps":[3, 4, 5], "after":[4], "afterEnd":[5],
//	 "limit":2, "shared":1, "timeout":50000000, "within":80000000,
//	 "around":true, "mayFail":true, "optional":true, "race":true, "several":true,
//	 "outcome":"failed", "error":"text",
//	 "pieces":[{"state":"running", "start":0, "end":120000000, "on":3, "deadline":200000000}]}],
//	"shared":[{"limit":8}],          shared limits; "shared" above counts them from 1
//	"notes":["text"]
//	}
//
// IDs are positive, and unique among groups and tasks; "on", "parent" and "endedBy" are such IDs.
// States are queued, running, blocked; outcomes those of [asap.Outcome] in lower case, or
// absent as long as there is none. What they mean is at [Run]; the rest of the rules are
// [Run.Validate]'s.
//
// Version 1 of the format, which had no facts of how tasks and groups were declared,
// is read as well: its limits are those that were seen at work, and which task is a
// Race, may fail, or which group is settled is guessed from what happened. A note of
// the run says so. Version 2 had no deadlines of waits, not who has ended a group and
// not where several waited at once.
func ReadJSON(r io.Reader) (*Run, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var j jsonRun
	if err := json.Unmarshal(data, &j, json.RejectUnknownMembers(true)); err != nil {
		return nil, cmp.Or(otherKind(data, "run", jsonVersion), at(data, err))
	}
	if err := (head{j.Asap, j.Version}).otherKind(data, "run", jsonVersion); err != nil {
		return nil, err
	}
	if p := j.newer(); p != "" {
		return nil, placed(data, p, fmt.Errorf("%s: version %d of the format has no such member", p, j.Version))
	}
	run := j.run()
	if err := run.Validate(); err != nil {
		pointer := jsontext.Pointer("")
		if f, ok := errors.AsType[*flaw](err); ok {
			pointer = f.place
		}
		return nil, placed(data, pointer, err)
	}
	if j.Version == 1 {
		guessRaces(run)
		guessMayFail(run)
		guessSettled(run)
		run.Notes = append(run.Notes, guessed)
	}
	return run, nil
}

// guessed is the note of a run that was read from version 1 of the format.
const guessed = "recorded by an older version: limits, Races and what settles are guesses"

// newer is the place of the first member that the version had not, or empty.
func (j *jsonRun) newer() jsontext.Pointer {
	switch {
	case j.Version == jsonVersion:
		return ""
	case j.Version == 2:
		return j.newerThan2()
	case j.TraceID != "":
		return "/traceId"
	case j.Shared != nil:
		return "/shared"
	}
	for i, g := range j.Groups {
		p := jsontext.Pointer("/groups/" + strconv.Itoa(i))
		switch {
		case g.Shared != 0:
			return p + "/shared"
		case g.Settled:
			return p + "/settled"
		case g.Waits != nil:
			return p + "/waits"
		case g.Late:
			return p + "/late"
		}
	}
	for i, t := range j.Tasks {
		p := jsontext.Pointer("/tasks/" + strconv.Itoa(i))
		switch {
		case t.After != nil:
			return p + "/after"
		case t.AfterEnd != nil:
			return p + "/afterEnd"
		case t.Shared != 0:
			return p + "/shared"
		case t.Timeout != 0:
			return p + "/timeout"
		case t.Within != 0:
			return p + "/within"
		case t.Around:
			return p + "/around"
		case t.MayFail:
			return p + "/mayFail"
		case t.Optional:
			return p + "/optional"
		case t.Race:
			return p + "/race"
		}
	}
	return j.newerThan2()
}

// newerThan2 is newer for what version 2 had not.
func (j *jsonRun) newerThan2() jsontext.Pointer {
	for i, g := range j.Groups {
		p := jsontext.Pointer("/groups/" + strconv.Itoa(i))
		switch {
		case g.EndedBy != 0:
			return p + "/endedBy"
		case g.Several:
			return p + "/several"
		}
		for k, w := range g.Waits {
			if w.Deadline != 0 {
				return p + jsontext.Pointer("/waits/"+strconv.Itoa(k)+"/deadline")
			}
		}
	}
	for i, t := range j.Tasks {
		if t.Several {
			return jsontext.Pointer("/tasks/" + strconv.Itoa(i) + "/several")
		}
		for k, p := range t.Pieces {
			if p.Deadline != 0 {
				return jsontext.Pointer("/tasks/" + strconv.Itoa(i) + "/pieces/" + strconv.Itoa(k) + "/deadline")
			}
		}
	}
	return ""
}

func (j *jsonRun) run() *Run {
	run := &Run{
		Name: j.Name, TraceID: j.TraceID, Began: j.Began, Makespan: time.Duration(j.Makespan), Ended: j.Ended, Notes: j.Notes,
		Groups: make([]Group, len(j.Groups)), Tasks: make([]Task, len(j.Tasks)),
	}
	for i := range j.Groups {
		run.Groups[i] = j.Groups[i].group()
	}
	for i := range j.Tasks {
		run.Tasks[i] = j.Tasks[i].task()
	}
	for _, l := range j.Shared {
		run.Shared = append(run.Shared, SharedLimit(l))
	}
	return run
}

func (g *jsonGroup) group() Group {
	var waits []Wait
	for _, w := range g.Waits {
		waits = append(waits, Wait{w.On, time.Duration(w.Start), time.Duration(w.End), time.Duration(w.Deadline)})
	}
	return Group{
		ID: g.ID, Parent: g.Parent, Name: g.Name, Limit: g.Limit, Shared: g.Shared, Settled: g.Settled, Waits: waits, Several: g.Several, Late: g.Late, EndedBy: g.EndedBy,
		Start: time.Duration(g.Start), End: time.Duration(g.End), Outcome: asap.Outcome(g.Outcome), Err: g.Err,
	}
}

func (t *jsonTask) task() Task {
	pieces := make([]Piece, len(t.Pieces))
	for k, p := range t.Pieces {
		pieces[k] = Piece{State(p.State), time.Duration(p.Start), time.Duration(p.End), p.On, time.Duration(p.Deadline)}
	}
	return Task{
		ID: t.ID, Group: t.Group, Parent: t.Parent, Name: t.Name, Deps: t.Deps, After: t.After, AfterEnd: t.AfterEnd,
		Limit: t.Limit, Shared: t.Shared, Timeout: time.Duration(t.Timeout), Within: time.Duration(t.Within),
		Around: t.Around, MayFail: t.MayFail, Optional: t.Optional, Race: t.Race, Several: t.Several, Outcome: asap.Outcome(t.Outcome), Err: t.Err, Pieces: pieces,
	}
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
