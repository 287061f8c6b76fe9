package audit

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// span is one of a trace of requests.
type span struct {
	trace, id, parent string
	name              string
	start, ms         float64
	keys              []string // full method of an RPC, text of SQL, path of a URL
	used              bool
}

// readSpans measures places by spans: those of a call are known by what the callee's
// constants and the span have in common, and those of one call of the function by the
// span that is around them.
func readSpans(files []string, places []*place, g *graph) ([]Span, error) {
	var all []*span
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		list, err := decodeSpans(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, list...)
	}
	byID := make(map[string]*span)
	for _, s := range all {
		byID[s.trace+" "+s.id] = s
	}
	var groups []*group
	for _, p := range places {
		texts := make([][]string, len(p.calls))
		for i, c := range p.calls {
			if c != nil {
				if fn := calleeOf(p.in.pkg, c); fn != nil {
					texts[i] = g.constants(fn, 5)
				}
			}
		}
		groups = append(groups, p.groups(all, byID, texts)...)
	}
	// What several places could have asked for is of the one that it fits best: the
	// most of whose calls are there.
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(b.fits(), a.fits()) })
	for _, g := range groups {
		if !slices.ContainsFunc(g.spans, func(s *span) bool { return s.used }) {
			for _, s := range g.spans {
				s.used = true
			}
			g.place.samples = append(g.place.samples, g.took)
		}
	}
	for _, p := range places {
		if len(p.samples) == 0 && p.Mark == "" {
			p.Mark = NoSpans
		}
	}
	var rest []Span
	index := make(map[string]int)
	for _, s := range all {
		if s.used || len(s.keys) == 0 {
			continue
		}
		name := s.name
		if !slices.Contains(s.keys, name) {
			name += " (" + s.keys[0] + ")"
		}
		i, there := index[name]
		if !there {
			i = len(rest)
			index[name] = i
			rest = append(rest, Span{Name: name})
		}
		rest[i].Count++
		rest[i].MS += s.ms
	}
	slices.SortStableFunc(rest, func(a, b Span) int { return cmp.Or(cmp.Compare(b.MS, a.MS), cmp.Compare(a.Name, b.Name)) })
	return rest, nil
}

// group is what may be one call of a place's function: spans of two of its calls or
// more, below the same span.
type group struct {
	place *place
	spans []*span
	took  []float64
	calls int // how many of the place's calls there are
}

func (g *group) fits() float64 { return float64(g.calls*g.calls) / float64(len(g.took)) }

// groups finds the spans of a place. A callee may have spans of its own between.
func (p *place) groups(all []*span, byID map[string]*span, texts [][]string) (groups []*group) {
	type found struct {
		*span
		call   int
		around *span // nil: it is in no file
		done   bool
	}
	var list []*found
	for _, s := range all {
		if call := matchCall(s, texts); call >= 0 {
			list = append(list, &found{span: s, call: call, around: s})
		}
	}
	for range 4 { // levels up
		below := make(map[string][]*found)
		var order []string
		for _, f := range list {
			if f.done || f.around == nil || f.around.parent == "" {
				continue
			}
			name := f.trace + " " + f.around.parent
			f.around = byID[name]
			if below[name] == nil {
				order = append(order, name)
			}
			below[name] = append(below[name], f)
		}
		for _, name := range order {
			g := &group{place: p, took: make([]float64, len(p.Calls))}
			calls := make(map[int]bool)
			for _, f := range below[name] {
				g.took[f.call] += f.ms
				g.spans = append(g.spans, f.span)
				calls[f.call] = true
			}
			if g.calls = len(calls); g.calls < 2 {
				continue
			}
			for _, f := range below[name] {
				f.done = true
			}
			groups = append(groups, g)
		}
	}
	return groups
}

// matchCall is the call whose callee has a constant that a span shows, -1 if there is
// none or several are as good.
func matchCall(s *span, texts [][]string) int {
	best, call := 0, -1
	for i, list := range texts {
		score := 0
		for _, key := range s.keys {
			for _, text := range list {
				score = max(score, alike(key, text))
			}
		}
		switch {
		case score > best:
			best, call = score, i
		case score == best && score > 0:
			call = -1
		}
	}
	return call
}

// alike says how much a span's text is a constant's, 0 for not at all: the same text, or
// the constant is a pattern of it, or its beginning.
func alike(key, text string) int {
	key, text = strings.Join(strings.Fields(key), " "), strings.Join(strings.Fields(text), " ")
	if len(text) < 3 {
		return 0
	}
	trimmed := strings.TrimPrefix(text, "/")
	switch {
	case key == text, strings.TrimPrefix(key, "/") == trimmed:
		return 1000 + len(text)
	case strings.Contains(text, " "): // SQL that goes on
		if len(text) >= 12 && strings.HasPrefix(strings.ToLower(key), strings.ToLower(text)) {
			return len(text)
		}
		return 0
	case !strings.Contains(trimmed, "/") && !strings.HasPrefix(text, "/"):
		return 0 // a word says too little
	}
	a, b := strings.Split(strings.Trim(key, "/"), "/"), strings.Split(strings.Trim(text, "/"), "/")
	if len(a) < len(b) || len(a) > len(b) && !strings.HasSuffix(text, "/") {
		return 0
	}
	score := 0
	for i, part := range b {
		switch {
		case part == a[i]:
			score += 2
		case strings.ContainsAny(part, "%{:*"):
			score++
		default:
			return 0
		}
	}
	return score
}

// decodeSpans reads OTLP JSON, one value or one a line, or Jaeger JSON.
func decodeSpans(r io.Reader) ([]*span, error) {
	var all []*span
	d := json.NewDecoder(r)
	for {
		var v spanFile
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("neither OTLP JSON nor Jaeger JSON: %w", err)
		}
		all = append(all, v.spans()...)
	}
	if len(all) == 0 {
		return nil, errors.New("no spans; want OTLP JSON (resourceSpans) or Jaeger JSON (data)")
	}
	return all, nil
}

// spanFile has what is used of both formats.
type spanFile struct {
	ResourceSpans []struct {
		ScopeSpans []struct {
			Spans []struct {
				TraceID      string `json:"traceId"`
				SpanID       string `json:"spanId"`
				ParentSpanID string `json:"parentSpanId"`
				Name         string
				Kind         any
				Start        number `json:"startTimeUnixNano"`
				End          number `json:"endTimeUnixNano"`
				Attributes   []struct {
					Key   string
					Value struct {
						StringValue string
					}
				}
			}
		}
	}
	Data []struct {
		Spans []struct {
			TraceID       string
			SpanID        string
			OperationName string
			References    []struct {
				RefType, TraceID, SpanID string
			}
			StartTime, Duration number
			Tags                []struct {
				Key   string
				Value any
			}
		}
	}
}

// number is one that may be a string, as 64 bits are in the JSON of protocol buffers.
type number float64

// UnmarshalJSON reads it.
func (n *number) UnmarshalJSON(data []byte) error {
	f, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	*n = number(f)
	return err
}

func (v *spanFile) spans() (list []*span) {
	for _, r := range v.ResourceSpans {
		for _, sc := range r.ScopeSpans {
			for _, s := range sc.Spans {
				attributes := make(map[string]string)
				for _, a := range s.Attributes {
					attributes[a.Key] = a.Value.StringValue
				}
				if kind := fmt.Sprint(s.Kind); kind == "2" || kind == "SPAN_KIND_SERVER" {
					attributes["span.kind"] = "server"
				}
				list = append(list, newSpan(s.TraceID, s.SpanID, s.ParentSpanID, s.Name, float64(s.Start)/1e6, float64(s.End-s.Start)/1e6, attributes))
			}
		}
	}
	for _, t := range v.Data {
		for _, s := range t.Spans {
			attributes := make(map[string]string)
			for _, a := range s.Tags {
				attributes[a.Key] = fmt.Sprint(a.Value)
			}
			parent := ""
			for _, r := range s.References {
				if r.RefType != "FOLLOWS_FROM" && r.TraceID == s.TraceID {
					parent = r.SpanID
				}
			}
			list = append(list, newSpan(s.TraceID, s.SpanID, parent, s.OperationName, float64(s.StartTime)/1e3, float64(s.Duration)/1e3, attributes))
		}
	}
	return list
}

func newSpan(trace, id, parent, name string, start, ms float64, attributes map[string]string) *span {
	s := &span{trace: trace, id: id, parent: parent, name: name, start: start, ms: ms}
	if kind := attributes["span.kind"]; kind == "server" {
		return s // what is asked of the traced program itself
	}
	if attributes["rpc.method"] != "" {
		s.keys = append(s.keys, "/"+attributes["rpc.service"]+"/"+attributes["rpc.method"])
	} else if attributes["rpc.system"] != "" {
		s.keys = append(s.keys, name)
	}
	for _, key := range []string{"db.query.text", "db.statement"} {
		if text := attributes[key]; text != "" {
			s.keys = append(s.keys, text)
		}
	}
	for _, key := range []string{"url.template", "url.path", "url.full", "http.url", "http.target"} {
		if u, err := url.Parse(attributes[key]); err == nil && u.Path != "" {
			s.keys = append(s.keys, u.Path)
		}
	}
	return s
}
