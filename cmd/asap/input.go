package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/asap-go/asap/waterfall"
)

// read reads the run of a file, or of standard input: - or no name. An error
// has the file, the line and the column.
func (e *env) read(file string) (*waterfall.Run, error) {
	in := e.in
	if file == "" || file == "-" {
		file = "standard input"
	} else {
		f, err := os.Open(file)
		if err != nil {
			if p, ok := errors.AsType[*os.PathError](err); ok {
				return nil, fmt.Errorf("%s: %w", file, p.Err)
			}
			return nil, err
		}
		defer f.Close()
		in = f
	}
	run, err := waterfall.ReadJSON(in)
	if r, ok := errors.AsType[*waterfall.ReadError](err); ok {
		return nil, fmt.Errorf("%s:%d:%d: %w", file, r.Line, r.Column, r.Err)
	}
	if err != nil {
		if p, ok := errors.AsType[*os.PathError](err); ok {
			err = p.Err
		}
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return run, nil
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
	if format == "text" && width > 0 {
		_, err := io.WriteString(w, run.Text(width, false))
		return err
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
