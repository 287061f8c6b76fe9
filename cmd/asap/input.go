package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/asap-go/asap/waterfall"
)

// read reads the run of a file, of standard input, - or no name, or of the page of
// a run at an address. An error has the file, the line and the column.
func (e *env) read(file string) (*waterfall.Run, error) {
	data, err := e.bytes(file)
	if err != nil {
		return nil, err
	}
	return e.readOne(file, data)
}

// readOne is read of what a file has.
func (e *env) readOne(file string, data []byte) (*waterfall.Run, error) {
	run, summary, err := parseAny(file, data)
	if summary != nil {
		hint := ""
		if isAddress(file) {
			hint = "; the address of a run ends as in ?run=12"
		}
		return nil, fmt.Errorf("%s: this is a summary of many runs, and one is wanted%s", source(file), hint)
	}
	return run, err
}

// readAny reads a run or a summary of many, whichever it is. The parameters are
// those of an address, for pages of more than one run.
func (e *env) readAny(file string, parameters ...string) (*waterfall.Run, *waterfall.Summary, error) {
	data, err := e.bytes(file, parameters...)
	if err != nil {
		return nil, nil, err
	}
	return parseAny(file, data)
}

// parseAny is readAny of what a file has.
func parseAny(file string, data []byte) (run *waterfall.Run, summary *waterfall.Summary, err error) {
	var kind struct {
		Asap string `json:"asap"`
	}
	_ = json.Unmarshal(data, &kind) // ReadJSON says what is wrong
	switch kind.Asap {
	case "sample":
		return nil, nil, fmt.Errorf("%s: this is a sample of runs, which asap whatif reads", source(file))
	case "summary":
		summary, err = waterfall.ReadSummary(bytes.NewReader(data))
	default:
		run, err = waterfall.ReadJSON(bytes.NewReader(data))
	}
	return run, summary, inFile(file, err)
}

// source is how messages call a file.
func source(file string) string {
	if file == "" || file == "-" {
		return "standard input"
	}
	if isAddress(file) {
		return shown(file)
	}
	return file
}

func (e *env) bytes(file string, parameters ...string) ([]byte, error) {
	if isAddress(file) {
		data, err := fetch(file, parameters...)
		if err == nil && len(data) == 0 {
			err = fmt.Errorf("%s is empty", source(file))
		}
		return data, err
	}
	in := e.in
	if file != "" && file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fileError(file, err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, fileError(source(file), err)
	}
	if len(data) == 0 {
		return nil, fmt.Errorf("%s is empty", source(file))
	}
	return data, nil
}

// fileError has the name of a file once.
func fileError(file string, err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		err = p.Err
	}
	return fmt.Errorf("%s: %w", file, err)
}

// one is the only argument, which may be missing.
func one(args []string) (string, error) {
	switch len(args) {
	case 0:
		return "", nil
	case 1:
		return args[0], nil
	}
	return "", usage("%d files; one is shown at a time", len(args))
}

// picture writes a run in the format, or as text of the width if there is one.
func (e *env) picture(w io.Writer, run *waterfall.Run, format string, width int) error {
	if width < 0 {
		return usage("-width %d: want a number of columns", width)
	}
	if format == "text" && width > 0 {
		_, err := io.WriteString(w, run.Text(width, false))
		return err
	}
	if f, ok := w.(*os.File); ok && format == string(waterfall.PProf) {
		if i, err := f.Stat(); err == nil && i.Mode()&os.ModeCharDevice != 0 && f.Name() != os.DevNull {
			return usage("a profile is no text for a terminal; write it to a file: asap show -format pprof run.json > run.pb.gz")
		}
	}
	return run.Write(w, waterfall.Format(format))
}

// known refuses a format that there is not, before anything is read.
func known(format string) error {
	for _, f := range waterfall.Formats() {
		if string(f) == format {
			return nil
		}
	}
	err := new(waterfall.Run).Write(io.Discard, waterfall.Format(format))
	return usage("%s", strings.TrimPrefix(err.Error(), "waterfall: "))
}
