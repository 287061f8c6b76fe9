package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/asap-go/asap/asapvet/audit"
)

const auditUsage = `usage: asapvet audit [flags] [packages]

Lists places where calls wait for each other without need, by what it would save to
start them at once. It neither builds nor runs what it looks at.

	asapvet audit ./...                      by how the calls depend on each other
	asapvet audit -trace run.trace ./...     by the milliseconds of a Go execution trace
	asapvet audit -spans traces.json ./...   by the milliseconds of OTLP or Jaeger JSON

Flags:

`

// texts is a flag that can be given several times.
type texts []string

func (t *texts) String() string     { return fmt.Sprint(*t) }
func (t *texts) Set(s string) error { *t = append(*t, s); return nil }

// runAudit lists places by what they would save, and returns the exit status: 1 with
// -fail if something is worth it, 2 if there is no report.
func runAudit(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("audit", flag.ContinueOnError)
	f.SetOutput(stderr)
	var traces, spans, tags texts
	f.Var(&traces, "trace", "a `file` with a Go execution trace: of runtime/trace, /debug/pprof/trace, a flight recorder; can be repeated")
	f.Var(&spans, "spans", "a `file` with spans as OTLP JSON or Jaeger JSON; can be repeated")
	f.Var(&tags, "tags", "a build `tag`; can be repeated")
	asJSON := f.Bool("json", false, "print JSON, for other tools; docs/asapvet.md has its form")
	tier := f.String("tier", "low", "the lowest `tier` that is listed: high, likely, low")
	most := f.Int("n", 20, "how many sites are printed; 0: all")
	pkg := f.String("package", "", "list sites of packages only whose path matches the `pattern`")
	min := f.Duration("min", time.Millisecond, "what a call has to take to count")
	fail := f.Bool("fail", false, "exit with status 1 if a site of tier high would save -min or more")
	ignores := f.Bool("ignores", false, "list the comments //asapvet:ignore that silence nothing, and do nothing else")
	tests := f.Bool("tests", false, "also look at test files")
	width := f.Int("width", 100, "columns of the text")
	f.Usage = func() {
		fmt.Fprint(stderr, auditUsage)
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		if err == flag.ErrHelp {
			return 0
		}
		return 2
	}
	patterns := f.Args()
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	if *ignores {
		return runIgnores(patterns, tags, stdout, stderr)
	}
	r, err := audit.Run(audit.Config{
		Patterns: patterns, Tags: tags, Tests: *tests, Traces: traces, Spans: spans, Tier: *tier, Package: *pkg, Min: *min,
	})
	if err != nil {
		fmt.Fprintln(stderr, "asapvet audit:", err)
		return 2
	}
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(r); err != nil {
			fmt.Fprintln(stderr, "asapvet audit:", err)
			return 2
		}
	} else {
		fmt.Fprint(stdout, r.Text(*most, *width))
	}
	if *fail && r.Worth(*min) {
		return 1
	}
	return 0
}
