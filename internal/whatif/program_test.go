package whatif

import (
	"fmt"
	"strings"
	"time"
)

// program is a group, outermost or nested, and what its caller does: declare tasks,
// sleep, await. It may be run any number of times.
type program struct {
	limit   int
	settled bool
	shared  int // a SharedLimit of the group, 0 without
	script  []step
	count   int // tasks of the outermost program and of all inside it
}

// task is what one declaration makes.
type task struct {
	id       int // index of its handle in a run
	name     string
	sort     sort
	deps     []dep
	optional bool
	mayFail  bool
	leftOut  bool
	timeout  time.Duration
	within   time.Duration
	retried  bool // by an Around: the first call of the body fails
	shared   bool // has the program's SharedLimit
	limit    int  // of a Map
	bodies   [][]step
	deaf     bool // its sleeps do not hear the context
	gone     bool
}

type sort uint8

const (
	body sort = iota // one body
	mapped
	race
)

type dep struct {
	on  *task
	how depKind
}

type depKind uint8

const (
	needs depKind = iota
	after
	afterEnd
)

// step is what a body does, or a caller.
type step struct {
	do    stepKind
	sleep time.Duration
	task  *task // await, declare
	soft  bool  // await with a context that ends after sleep
	inner *program
	// strands are what goroutines do at the same time, which are waited for.
	strands [][]step
}

type stepKind uint8

const (
	sleeps stepKind = iota
	awaits
	declares
	nests
	forks
	fails
	exits
)

// tasks yields all tasks of the program, with those inside others.
func (p *program) tasks() (all []*task) {
	var walk func(steps []step)
	walk = func(steps []step) {
		for _, s := range steps {
			switch s.do {
			case declares:
				all = append(all, s.task)
				for _, b := range s.task.bodies {
					walk(b)
				}
			case nests:
				walk(s.inner.script)
			}
		}
	}
	walk(p.script)
	return all
}

// String writes the program, a line a step.
func (p *program) String() string {
	var b strings.Builder
	p.write(&b, "")
	return b.String()
}

func (p *program) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%sgroup limit %d, settled %t, shared %d\n", indent, p.limit, p.settled, p.shared)
	writeSteps(b, p.script, indent+"  ")
}

func writeSteps(b *strings.Builder, steps []step, indent string) {
	for _, s := range steps {
		switch s.do {
		case sleeps:
			fmt.Fprintf(b, "%ssleep %v\n", indent, s.sleep)
		case awaits:
			fmt.Fprintf(b, "%sawait %s", indent, s.task.name)
			if s.soft {
				fmt.Fprintf(b, " for %v", s.sleep)
			}
			b.WriteString("\n")
		case nests:
			s.inner.write(b, indent)
		case forks:
			for _, steps := range s.strands {
				b.WriteString(indent + "go func\n")
				writeSteps(b, steps, indent+"  ")
			}
		case fails:
			fmt.Fprintf(b, "%sfail\n", indent)
		case exits:
			fmt.Fprintf(b, "%sexit\n", indent)
		case declares:
			s.task.write(b, indent)
		}
	}
}

func (t *task) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%s%s %s", indent, [...]string{"go", "map", "race"}[t.sort], t.name)
	for _, d := range t.deps {
		fmt.Fprintf(b, " %s %s", [...]string{"needs", "after", "afterEnd"}[d.how], d.on.name)
	}
	for name, is := range map[string]bool{"optional": t.optional, "mayFail": t.mayFail, "leftOut": t.leftOut,
		"retried": t.retried, "shared": t.shared, "deaf": t.deaf, "GONE": t.gone} {
		if is {
			b.WriteString(" " + name)
		}
	}
	if t.limit > 0 {
		fmt.Fprintf(b, " limit %d", t.limit)
	}
	if t.timeout > 0 {
		fmt.Fprintf(b, " timeout %v", t.timeout)
	}
	if t.within > 0 {
		fmt.Fprintf(b, " within %v", t.within)
	}
	b.WriteString("\n")
	for i, steps := range t.bodies {
		if t.sort != body {
			fmt.Fprintf(b, "%s  [%d]\n", indent, i)
		}
		writeSteps(b, steps, indent+"    ")
	}
}
