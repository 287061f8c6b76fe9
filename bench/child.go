package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"

	"github.com/asap-go/asap/bench/contender"
	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/sample"
	"github.com/asap-go/asap/bench/work"
)

// Every graph is sampled in a process of its own, since a million goroutines
// leave their descriptors behind, and every peak of memory is that of a
// process that ran nothing else. A child reads its job from standard input
// and writes the answer to standard output.

const childEnv = "ASAP_BENCH_CHILD"

// job is what a child is asked to do.
type job struct {
	Graph      string
	Body       work.Body
	Contenders []string
	Config     sample.Config // of the times
	Ungated    bool          // leave the gate open from the start
	Memory     bool          // instead of times: of the one contender
	Copies     int           // of the graph held at once, for memory
	Case       string        // instead of a graph: a case of package growth
	N          int           // its size
}

// answer is what it answers.
type answer struct {
	Tasks  int
	Times  []*sample.Result `json:",omitempty"`
	Memory *memory          `json:",omitempty"`
	Error  string           `json:",omitempty"`
}

// ask runs j in a new process with that many processors.
func ask(ctx context.Context, procs int, j job) (*answer, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	in, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), childEnv+"=1", "GOMAXPROCS="+strconv.Itoa(procs))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmp.Or(j.Graph, j.Case), err)
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		return nil, fmt.Errorf("%s: answer of the child: %w", cmp.Or(j.Graph, j.Case), err)
	}
	if a.Error != "" {
		return nil, fmt.Errorf("%s: %s", cmp.Or(j.Graph, j.Case), a.Error)
	}
	return &a, nil
}

// isChild reports whether this process is one.
func isChild() bool { return os.Getenv(childEnv) != "" }

// serve is the whole life of a child.
func serve() error {
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		return err
	}
	a, err := do(j)
	if err != nil {
		a = &answer{Error: err.Error()}
	}
	return json.NewEncoder(os.Stdout).Encode(a)
}

func do(j job) (*answer, error) {
	if j.Case != "" {
		return doCase(j)
	}
	g, err := graph.Find(j.Graph)
	if err != nil {
		return nil, err
	}
	if j.Ungated {
		g.Gated = false
	}
	want, err := oracle(g, j.Body)
	if err != nil {
		return nil, err
	}
	a := &answer{Tasks: g.Len()}
	if j.Memory {
		if len(j.Contenders) != 1 {
			return nil, errors.New("memory is measured of one contender")
		}
		a.Memory, err = measureMemory(g, j, want)
		return a, err
	}
	var subjects []sample.Subject
	for _, name := range j.Contenders {
		c, err := contender.ByName(name)
		if err != nil {
			return nil, err
		}
		forms := c.New()
		if forms.Close != nil {
			defer forms.Close()
		}
		subjects = append(subjects, subject(name, forms.For(g), g, j.Body, want))
	}
	a.Times, err = sample.Run(sample.NewReal(), j.Config, subjects)
	return a, err
}

// oracle is the right result. The gate and the body do not change it.
func oracle(g *graph.Graph, b work.Body) (uint64, error) {
	c, err := contender.ByName(contender.Sequential)
	if err != nil {
		return 0, err
	}
	return c.New().For(g)(context.Background(), g, work.New(work.Body{Done: b.Done}, g.Gated))
}

// subject is one run of a contender, whose result is checked every time.
func subject(name string, run contender.Run, g *graph.Graph, b work.Body, want uint64) sample.Subject {
	shared := work.New(b, false) // keeps no state, so it serves every run
	return sample.Subject{Name: name, Run: func() error {
		w := shared
		if g.Gated {
			w = work.New(b, true)
		}
		got, err := run(context.Background(), g, w)
		if err == nil && got != want {
			err = fmt.Errorf("result %#x, want %#x", got, want)
		}
		return err
	}}
}

// settleDown waits until goroutines stop coming and going: those that have
// been started get as far as they can before memory is read.
func settleDown() {
	for last, same := -1, 0; same < 10; {
		time.Sleep(5 * time.Millisecond)
		if n := runtime.NumGoroutine(); n == last {
			same++
		} else {
			last, same = n, 0
		}
	}
}
