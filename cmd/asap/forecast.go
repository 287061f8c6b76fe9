package main

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/asap-go/asap/waterfall"
)

// readMany reads the run of one file, or the runs of several, of a file of several, or of
// the address of a group's page. Without a file it reads standard input.
func (e *env) readMany(files []string, window string) (*waterfall.Run, *waterfall.Sample, error) {
	if len(files) == 0 {
		files = []string{""}
	}
	var all bytes.Buffer
	for _, file := range files {
		data, err := e.runs(file, window)
		if err != nil {
			return nil, nil, err
		}
		if len(files) == 1 {
			if kind, more := first(data); !more && kind != "sample" {
				run, err := e.readOne(file, data)
				return run, nil, err
			}
		}
		if _, err := waterfall.ReadSample(bytes.NewReader(data)); err != nil {
			return nil, nil, inFile(file, err)
		}
		all.Write(data)
		all.WriteByte('\n')
	}
	sample, err := waterfall.ReadSample(&all)
	if r, ok := errors.AsType[*waterfall.ReadError](err); ok {
		err = r.Err // of several files, each of which is right
	}
	return nil, sample, err
}

// readAmong reads a run, and others of its name.
func (e *env) readAmong(file string, files []string, window string) (*waterfall.Run, *waterfall.Sample, error) {
	run, err := e.read(file)
	if err != nil || len(files) == 0 {
		return run, new(waterfall.Sample), err
	}
	other, others, err := e.readMany(files, window)
	if other != nil {
		others, err = waterfall.NewSample(other)
	}
	if err == nil && others.Name() != run.Name {
		err = fmt.Errorf("%s: a run of %s, and the others are of %s", source(file), name(run.Name), name(others.Name()))
	}
	return run, others, err
}

// runs is what a file has, or the page of a run or of a group at an address.
func (e *env) runs(file, window string) ([]byte, error) {
	if !isAddress(file) {
		return e.bytes(file)
	}
	u, err := url.Parse(file)
	if err != nil || u.Query().Has("run") {
		return e.bytes(file)
	}
	if !u.Query().Has("group") {
		return nil, fmt.Errorf("%s: this is a summary of many groups; the address of one ends as in ?group=home, that of a run as in ?run=12", file)
	}
	return fetchAs("sample", file, "window", window)
}

// first tells what the first value of some is, and whether there are more.
func first(data []byte) (kind string, more bool) {
	d := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true))
	raw, err := d.ReadValue()
	if err != nil {
		return "", false
	}
	var v struct {
		Asap string `json:"asap"`
	}
	json.Unmarshal(raw, &v) // whoever reads it says what is wrong
	kind = v.Asap
	return kind, d.PeekKind() > 0
}

func inFile(file string, err error) error {
	if r, ok := errors.AsType[*waterfall.ReadError](err); ok {
		return fmt.Errorf("%s:%d:%d: %w", source(file), r.Line, r.Column, r.Err)
	}
	return err
}

// forecast predicts p99 of many runs, or lists what would help.
func forecast(e *env, s *waterfall.Sample, args []string, format string, width, top int) error {
	if format != "" && format != string(waterfall.JSON) {
		return usage("many runs have no picture; -format json is what there is, and a run has one by itself")
	}
	var changes []waterfall.Change
	for _, a := range args {
		c, err := waterfall.ParseChange(a)
		if err != nil {
			return usage("%v", err)
		}
		changes = append(changes, c)
	}
	var list []*waterfall.Forecast
	if len(changes) > 0 {
		f, err := s.WhatIf(changes...)
		if err != nil {
			return err
		}
		list = append(list, f)
	} else {
		var err error
		if list, err = s.Ranking(); err != nil {
			return err
		}
	}
	if format != "" {
		return forecastJSON(e, list, len(changes) > 0)
	}
	if width <= 0 {
		width = 80
	}
	var b strings.Builder
	switch {
	case len(changes) > 0:
		for i, line := range list[0].Words() {
			indent := "  "
			if i == 0 {
				indent = ""
			}
			wrap(&b, printable(line), indent, width)
		}
	case len(list) == 0:
		b.WriteString("No hedge and no deadline would make p99 shorter by a fiftieth.\n")
	default:
		suggestions(&b, s, list, width, top)
	}
	_, err := fmt.Fprint(e.out, b.String())
	return err
}

// suggestions are what would help, each as it can be asked for.
func suggestions(b *strings.Builder, s *waterfall.Sample, list []*waterfall.Forecast, width, top int) {
	recorded, seen := s.Runs()
	of := fmt.Sprintf("%s: %s", name(s.Name()), runs(seen))
	if recorded != seen {
		of += fmt.Sprintf(", of which %d are recorded", recorded)
	}
	p := list[0].Before
	wrap(b, fmt.Sprintf("%s, p50 %s, p95 %s, p99 %s", of, round(p.P50), round(p.P95), round(p.P99)), "", width)
	hedged := false
	for i, f := range list {
		if top > 0 && i == top {
			fmt.Fprintf(b, "… %d more\n", len(list)-top)
			break
		}
		var asked []string
		for _, c := range f.Changes {
			asked = append(asked, printable(brief(c.String())))
		}
		wrap(b, strings.Join(asked, " "), "", width)
		line := fmt.Sprintf("p99 %s (%s to %s)", round(f.After.P99), round(f.Low), round(f.High))
		if costs := f.Costs(); costs != "" {
			line += ", " + strings.TrimPrefix(costs, "for ")
		}
		if f.AtHalf != nil {
			line += fmt.Sprintf("; correlated by .5: %s", round(f.AtHalf.P99))
		} else if f.Pairs > 0 {
			line += fmt.Sprintf("; correlated by %.2g, as %d hedges tell", f.Correlation, f.Pairs)
		}
		wrap(b, line, "  ", width)
		hedged = hedged || f.Hedged
	}
	if hedged {
		wrap(b, "A hedge is only for what is safe to call twice.", "", width)
	}
}

func name(s string) string {
	if s == "" {
		return "(no name)"
	}
	return printable(brief(s))
}

// wrap writes a text in lines of so many columns, the first with an indent and others
// with two more. A number stays with its unit.
func wrap(b *strings.Builder, text, indent string, width int) {
	var words []string
	for word := range strings.SplitSeq(text, " ") {
		switch word {
		case "ns", "µs", "ms", "s", "%", "ms)", "s)", "ms,", "%,":
			if len(words) > 0 {
				words[len(words)-1] += " " + word
				continue
			}
		}
		words = append(words, word)
	}
	line, more := indent, indent+"  "
	for i, word := range words {
		switch {
		case i == 0:
			line += word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			b.WriteString(line + "\n")
			line = more + word
		default:
			line += " " + word
		}
	}
	b.WriteString(line + "\n")
}

func forecastJSON(e *env, list []*waterfall.Forecast, one bool) error {
	var v any = list
	if one {
		v = list[0]
	} else if list == nil {
		v = []int{}
	}
	b, err := json.Marshal(v, jsontext.Multiline(true))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "%s\n", b)
	return err
}
