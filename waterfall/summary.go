package waterfall

import (
	"cmp"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/asap-go/asap"
)

// Summary is what a [Stats] knew at one moment, in a form that can be saved: a
// program that ends writes it, and its next build reads it to be compared with
// ([Stats.SetBefore]); of two processes that run, two of them are compared.
type Summary struct {
	Build   Build     `json:"build"`
	Taken   time.Time `json:"taken"`
	Reports []Report  `json:"reports"`
}

// Summary returns the reports of all names in a window.
func (s *Stats) Summary(w Window) *Summary {
	return &Summary{Build: ThisBuild(), Taken: time.Now().Round(0), Reports: s.Reports(w)}
}

// Report returns that of a name, without runs if there is none.
func (m *Summary) Report(name string) Report {
	for i := range m.Reports {
		if m.Reports[i].Name == name {
			return m.Reports[i]
		}
	}
	return Report{Name: name, Build: m.Build}
}

// SetBefore gives s what [Stats.CompareBuilds] compares with, most often the
// summary that the build before has saved. Nil takes it back. The summary must
// not be changed afterwards.
func (s *Stats) SetBefore(m *Summary) {
	s.sums.Lock()
	defer s.sums.Unlock()
	s.before = m
}

// Before returns what SetBefore was given last, or nil.
func (s *Stats) Before() *Summary {
	s.sums.Lock()
	defer s.sums.Unlock()
	return s.before
}

const summaryVersion = 1

type jsonSummary struct {
	Asap    string `json:"asap"`
	Version int    `json:"version"`
	Summary `json:",inline"`
}

// In JSON durations are whole nanoseconds, outcomes and windows words.
var (
	summaryOut = json.WithMarshalers(json.JoinMarshalers(
		json.MarshalToFunc(func(e *jsontext.Encoder, d time.Duration) error { return e.WriteToken(jsontext.Int(int64(d))) }),
		json.MarshalToFunc(func(e *jsontext.Encoder, o asap.Outcome) error {
			return e.WriteToken(jsontext.String(strings.ToLower(o.String())))
		}),
		json.MarshalToFunc(func(e *jsontext.Encoder, w Window) error { return e.WriteToken(jsontext.String(w.String())) }),
	))
	summaryIn = json.WithUnmarshalers(json.JoinUnmarshalers(
		json.UnmarshalFromFunc(func(d *jsontext.Decoder, to *time.Duration) error {
			var n int64
			err := json.UnmarshalDecode(d, &n)
			*to = time.Duration(n)
			return err
		}),
		json.UnmarshalFromFunc(func(d *jsontext.Decoder, to *asap.Outcome) error {
			var text string
			if err := json.UnmarshalDecode(d, &text); err != nil {
				return err
			}
			return (*jsonOutcome)(to).UnmarshalText([]byte(text))
		}),
		json.UnmarshalFromFunc(func(d *jsontext.Decoder, to *Window) error {
			var text string
			if err := json.UnmarshalDecode(d, &text); err != nil {
				return err
			}
			for _, w := range Windows() {
				if w.String() == text {
					*to = w
					return nil
				}
			}
			return fmt.Errorf("window %q is unknown", text)
		}),
	))
)

// WriteJSON writes the summary for [ReadSummary], on several lines.
func (m *Summary) WriteJSON(w io.Writer) error {
	b, err := json.Marshal(&jsonSummary{"summary", summaryVersion, *m}, jsontext.AllowInvalidUTF8(true), summaryOut, json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = w.Write(lines(b))
	return err
}

// ReadSummary reads what [Summary.WriteJSON] has written, to the end of r. It
// refuses another version and unknown members, with a *[ReadError].
func ReadSummary(r io.Reader) (*Summary, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var j jsonSummary
	if err := json.Unmarshal(data, &j, json.RejectUnknownMembers(true), summaryIn); err != nil {
		return nil, cmp.Or(otherKind(data, "summary", summaryVersion), at(data, err))
	}
	if err := (head{j.Asap, j.Version}).otherKind(data, "summary", summaryVersion); err != nil {
		return nil, err
	}
	return &j.Summary, nil
}
