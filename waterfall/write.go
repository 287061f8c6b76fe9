package waterfall

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Format is a rendering of a run.
type Format string

// The formats. All of them come from the same [Run].
const (
	Text     Format = "text"     // for a terminal: [Run.Text]
	SVG      Format = "svg"      // a picture that scales
	HTML     Format = "html"     // one self-contained page, with what-if
	JSON     Format = "json"     // the run itself: [ReadJSON]
	Perfetto Format = "perfetto" // a trace for ui.perfetto.dev and chrome://tracing
	Mermaid  Format = "mermaid"  // the graph, with durations and slack
	DOT      Format = "dot"      // the same for Graphviz
	PProf    Format = "pprof"    // a profile for go tool pprof and flame graphs
)

// Formats returns all formats.
func Formats() []Format { return []Format{Text, SVG, HTML, JSON, Perfetto, Mermaid, DOT, PProf} }

// MediaType is the content type under which a server sends the format.
func (f Format) MediaType() string {
	switch f {
	case SVG:
		return "image/svg+xml"
	case HTML:
		return "text/html; charset=utf-8"
	case JSON, Perfetto:
		return "application/json"
	case DOT:
		return "text/vnd.graphviz; charset=utf-8"
	case PProf:
		return "application/octet-stream"
	}
	return "text/plain; charset=utf-8"
}

// Write renders the run to w in one Write. [JSON] is as [ReadJSON] says, in version 3. Text has color and the width of w if
// w is a terminal. It fails for a format that is not one of [Formats], and with
// what w returns.
func (r *Run) Write(w io.Writer, f Format) error {
	if !slices.Contains(Formats(), f) {
		return fmt.Errorf("waterfall: format %q is unknown; there are %s", string(f), formatNames())
	}
	var b strings.Builder
	var err error
	switch f {
	case Text:
		b.WriteString(r.Text(terminal(w)))
	case SVG:
		r.writeSVG(&b)
	case HTML:
		err = r.writeHTML(&b, Frame{})
	case JSON:
		err = r.writeJSON(&b)
	case Perfetto:
		err = r.writeTrace(&b)
	case Mermaid:
		r.writeMermaid(&b)
	case DOT:
		r.writeDOT(&b)
	case PProf:
		err = r.writePprof(&b)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func formatNames() string {
	var names []string
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return list(names, len(names))
}
