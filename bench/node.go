package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/asap-go/asap/bench/contender"
	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/sample"
	"github.com/asap-go/asap/bench/work"
)

// nodeReport is the same graphs in JavaScript, timed by a script of its own
// in a process of its own. Only its ratios compare; beside its nanoseconds
// stand those of asap from this run, for scale.
type nodeReport struct {
	Node     string            `json:"node"`
	Versions map[string]string `json:"versions"`
	Graphs   []struct {
		Name  string           `json:"name"`
		Tasks int              `json:"tasks"`
		Times []*sample.Result `json:"times"`
	} `json:"graphs"`
	Go map[string]float64 `json:"go"` // first decile a task of asap declared, by graph
}

const (
	nodeBase = "promises by hand"
	// nodeMost is the largest graph for Node.js, in tasks: async.auto takes
	// half a minute for ten thousand.
	nodeMost = 1100
)

// measureNode returns nil if there is no Node.js to run it on.
func measureNode(ctx context.Context, o *options, r *report, progress io.Writer) (*nodeReport, error) {
	dir, err := nodeDir(ctx, progress)
	if dir == "" || err != nil {
		return nil, err
	}
	version, err := lockedVersion(filepath.Join(dir, "package-lock.json"), "better-all")
	if err != nil {
		return nil, err
	}
	entries, err := graph.Catalog(false)
	if err != nil {
		return nil, err
	}
	type jsGraph struct {
		Name  string    `json:"name"`
		Form  string    `json:"form"`
		Names []string  `json:"names"`
		Deps  [][]int32 `json:"deps"`
		Sinks []int32   `json:"sinks"`
	}
	var graphs []jsGraph
	for _, e := range entries {
		if !matches(e.Name, o.graphs) || e.Tasks > min(nodeMost, o.most) {
			continue
		}
		g := e.Make()
		deps := slices.Clone(g.Deps)
		for i, ds := range deps {
			if ds == nil {
				deps[i] = []int32{} // not null
			}
		}
		form := map[graph.Form]string{graph.Loop: "loop", graph.Three: "three", graph.Six: "six"}[g.Form]
		graphs = append(graphs, jsGraph{g.Name, form, g.Names, deps, g.Sinks})
	}
	if len(graphs) == 0 {
		return nil, nil
	}
	in, err := json.Marshal(map[string]any{
		"rounds": o.rounds, "sampleMs": o.sample.Seconds() * 1e3, "budgetMs": o.budget.Seconds() * 1e3,
		"betterAll": version, "graphs": graphs,
	})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "node", "--expose-gc", "run.mjs")
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, bytes.NewReader(in), progress
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	var n nodeReport
	if err := json.Unmarshal(out, &n); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	n.Go = map[string]float64{}
	for _, c := range r.Cells {
		if t := c.of(contender.Declared); t != nil && c.Body == (work.Body{}) && c.Procs == o.procs[0] {
			n.Go[c.Graph] = t.Fast() / float64(c.Tasks)
		}
	}
	fmt.Fprintf(progress, "Node.js %s: %d graphs\n", n.Node, len(n.Graphs))
	return &n, nil
}

// nodeDir is the folder of the script, with its packages installed, or "" if
// node or npm or the folder is not there.
func nodeDir(ctx context.Context, progress io.Writer) (string, error) {
	dir, err := filepath.Abs("node")
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, "run.mjs")); errors.Is(err, os.ErrNotExist) {
		fmt.Fprintln(progress, "no folder node here, so no Node.js rows: run in the folder bench")
		return "", nil
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Fprintf(progress, "no %s here, so no Node.js rows\n", tool)
			return "", nil
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "better-all")); err == nil {
		return dir, nil
	}
	cmd := exec.CommandContext(ctx, "npm", "ci", "--silent", "--no-audit", "--no-fund")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, progress, progress
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("npm ci in %s: %w", dir, err)
	}
	return dir, nil
}

func lockedVersion(path, name string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var lock struct {
		Packages map[string]struct {
			Version string `json:"version"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(data, &lock); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	v := lock.Packages["node_modules/"+name].Version
	if v == "" {
		return "", fmt.Errorf("%s: no version of %s", path, name)
	}
	return v, nil
}

func (n *nodeReport) write(w io.Writer) error {
	fmt.Fprintf(w, "### On Node.js %s: better-all %s, async %s, empty bodies\n\n",
		n.Node, n.Versions["better-all"], n.Versions["async"])
	head := []string{""}
	for _, g := range n.Graphs {
		head = append(head, strings.TrimPrefix(g.Name, "request "))
	}
	ratio, nanos := table{head: head}, table{head: head}
	for k := range n.Graphs[0].Times {
		name := n.Graphs[0].Times[k].Name
		overBase, fast := []string{name}, []string{name}
		for _, g := range n.Graphs {
			base := g.Times[slices.IndexFunc(g.Times, func(r *sample.Result) bool { return r.Name == nodeBase })]
			overBase = append(overBase, num(g.Times[k].Over(base)))
			fast = append(fast, num(g.Times[k].Fast()/float64(g.Tasks)))
		}
		ratio.add(overBase...)
		nanos.add(fast...)
	}
	row := []string{"for scale, in Go: " + contender.Declared}
	for _, g := range n.Graphs {
		if v, ok := n.Go[g.Name]; ok {
			row = append(row, num(v))
		} else {
			row = append(row, "–")
		}
	}
	nanos.add(row...)
	fmt.Fprintf(w, "Time, ratio to %s:\n\n", nodeBase)
	if err := ratio.write(w); err != nil {
		return err
	}
	fmt.Fprint(w, "Nanoseconds a task, first decile:\n\n")
	return nanos.write(w)
}
