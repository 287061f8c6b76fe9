// Command bench runs task graphs in every way that is compared with asap, side
// by side, and prints the tables of docs/benchmarks.md.
//
//	go run .                                    everything, about a quarter of an hour
//	go run . -graphs chain,fan -contenders asap,channels,closures -body 0
//	go run . -growth                            what a task costs among 1,000 to 64,000
//	go run . -plot ../docs/img/growth.svg       the same of plain graphs, up to a million, drawn
//	go test -bench . ./...                      the same graphs for benchstat
//
// Absolute times depend on the machine and on what else it does. The ratios
// are taken round by round against hand-written channels, and hold on a busy
// machine as well.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/asap-go/asap/bench/work"
)

func main() {
	if isChild() {
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run is main without the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if o.growth {
		return tabulateGrowth(ctx, o, stdout, stderr)
	}
	if o.plot != "" {
		return plotGrowth(ctx, o, stderr)
	}
	if o.read != "" {
		return rewrite(o, stdout)
	}
	r := &report{Machine: machine(), Go: runtime.Version(), Date: time.Now().UTC()}
	if o.resume {
		if r, err = load(o.json); err != nil {
			return err
		}
	}
	if err := r.measure(ctx, o, stderr); err != nil {
		return err
	}
	if o.node && r.Node == nil {
		if r.Node, err = measureNode(ctx, o, r, stderr); err != nil {
			return err
		}
		if err := r.save(o.json); err != nil {
			return err
		}
	}
	return r.publish(o.doc, stdout)
}

// rewrite prints the tables of an earlier run.
func rewrite(o *options, stdout io.Writer) error {
	r, err := load(o.read)
	if err != nil {
		return err
	}
	return r.publish(o.doc, stdout)
}

func load(path string) (*report, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &r, nil
}

// save writes everything measured so far, so that a run that is interrupted
// can be resumed.
func (r *report) save(path string) error {
	if path == "" {
		return nil
	}
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o666)
}

const (
	docBegin = "<!-- tables: begin, written by bench -->\n"
	docEnd   = "<!-- tables: end -->\n"
)

// publish prints the tables, or puts them into a page, whose own text around
// the markers stays.
func (r *report) publish(doc string, stdout io.Writer) error {
	if doc == "" {
		return r.write(stdout)
	}
	page, err := os.ReadFile(doc)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(page), docBegin)
	_, after, ok2 := strings.Cut(rest, docEnd)
	if !ok || !ok2 {
		return fmt.Errorf("%s: the lines %q and %q are not both there", doc, strings.TrimSpace(docBegin), strings.TrimSpace(docEnd))
	}
	var b strings.Builder
	if err := r.write(&b); err != nil {
		return err
	}
	return os.WriteFile(doc, []byte(before+docBegin+"\n"+b.String()+docEnd+after), 0o666)
}

// options are the flags.
type options struct {
	graphs, contenders []string // parts of names; none is all
	bodies             []work.Body
	procs              []int
	rounds, most       int
	sample, budget     time.Duration
	memory, node       bool
	resume, growth     bool
	json, read         string
	doc, plot          string
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	graphs := fs.String("graphs", "", "`names` of graphs, or for -growth of cases, parts suffice, comma separated (default all)")
	contenders := fs.String("contenders", "", "`names` of contenders, parts suffice, comma separated (default all)")
	bodies := fs.String("body", "0,1us,50us", "`durations` of the bodies, busy; sleep:1ms for a sleeping one, done for one that looks at its context")
	procs := fs.String("procs", strconv.Itoa(runtime.NumCPU()), "`numbers` of processors")
	fs.IntVar(&o.rounds, "rounds", 15, "rounds, each with one sample of every contender")
	fs.IntVar(&o.most, "most", 1_000_000, "largest graph, or for -growth and -plot largest `number` of tasks")
	fs.DurationVar(&o.sample, "sample", 2*time.Millisecond, "shortest sample")
	fs.DurationVar(&o.budget, "budget", 20*time.Second, "time a graph after which no round begins, but three at least")
	fs.BoolVar(&o.memory, "memory", true, "measure peak memory, each in a process of its own")
	fs.BoolVar(&o.node, "node", true, "run better-all and async.auto on Node.js too, if npm and node are there")
	fs.StringVar(&o.json, "json", "", "write every sample to this `file`")
	fs.BoolVar(&o.resume, "resume", false, "keep what the -json file holds already, and measure the rest")
	fs.StringVar(&o.read, "read", "", "print the tables, or with -plot draw, from this JSON `file` instead of measuring")
	fs.BoolVar(&o.growth, "growth", false, "print what one of n costs as n grows, in shapes where something might be walked for each, instead of the tables")
	fs.StringVar(&o.plot, "plot", "", "write the growth plot to this SVG `file` instead of the tables")
	fs.StringVar(&o.doc, "doc", "", "put the tables between the markers of this Markdown `file` instead of printing them")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q: every setting is a flag", fs.Arg(0))
	}
	if o.rounds < 1 {
		return nil, fmt.Errorf("-rounds %d: at least one is needed", o.rounds)
	}
	o.graphs, o.contenders = split(*graphs), split(*contenders)
	for _, s := range split(*procs) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-procs %q: not a number of processors", s)
		}
		o.procs = append(o.procs, n)
	}
	for _, s := range split(*bodies) {
		b, err := parseBody(s)
		if err != nil {
			return nil, fmt.Errorf("-body %q: %w", s, err)
		}
		o.bodies = append(o.bodies, b)
	}
	if len(o.procs) == 0 || len(o.bodies) == 0 {
		return nil, errors.New("-procs and -body need at least one value each")
	}
	return o, nil
}

func parseBody(s string) (work.Body, error) {
	var b work.Body
	if s == "0" {
		return b, nil
	}
	if s == "done" {
		return work.Body{Done: true}, nil
	}
	into := &b.Spin
	if rest, ok := strings.CutPrefix(s, "sleep:"); ok {
		s, into = rest, &b.Sleep
	}
	d, err := time.ParseDuration(s)
	if err == nil && d <= 0 {
		err = errors.New("not a positive duration")
	}
	*into = d
	return b, err
}

func split(s string) []string {
	var parts []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// matches reports whether name contains one of the parts, or there are none.
// Case does not matter, nor commas inside numbers, and x is as good as ×.
func matches(name string, parts []string) bool {
	plain := strings.NewReplacer(",", "", "×", "x").Replace
	name = plain(strings.ToLower(name))
	for _, p := range parts {
		if strings.Contains(name, plain(strings.ToLower(p))) {
			return true
		}
	}
	return len(parts) == 0
}
