package main

import "flag"

var showCommand = &command{
	name: "show", args: "[-format F] [-width N] [run.json]",
	short: "draw a run",
	long: `
Draws a recorded run. The formats are
  text      a waterfall for the terminal
  svg       a picture
  html      one page with everything in it, and what-if in the page
  json      the run itself, written anew
  perfetto  a trace for ui.perfetto.dev and chrome://tracing
  mermaid   the graph, with durations and slack
  dot       the same for Graphviz
  pprof     a profile: go tool pprof -http=: -sample_index=critical FILE`,
	setup: func(fs *flag.FlagSet) func(*env, []string) error {
		format := fs.String("format", "text", "how to draw it: one of the above")
		width := fs.Int("width", 0, "columns of the text, without color")
		return func(e *env, args []string) error {
			file, err := one(args)
			if err != nil {
				return err
			}
			if err := known(*format); err != nil {
				return err
			}
			run, err := e.read(file)
			if err != nil {
				return err
			}
			return e.picture(e.out, run, *format, *width)
		}
	},
}
