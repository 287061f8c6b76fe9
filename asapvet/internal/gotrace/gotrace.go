// Package gotrace reads where the calls of chosen functions waited, from an execution
// trace as runtime/trace, /debug/pprof/trace and a flight recorder write it.
//
// A trace has the stack of a goroutine each time that it begins to wait. Of each chosen
// function in that stack, the innermost frame tells the line that waits. The time until
// the goroutine runs again is that line's, and so is the time that it ran before, since
// the function's last wait.
package gotrace

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/exp/trace"
)

// Func is a function to look for.
type Func struct {
	Name string // as the runtime has it, without what it appends for literals: example.org/shop.(*Page).load
	Also string // another name that it may have, as a command's has in its tests
	File string // its file, with slashes; the last two elements have to agree
	// Own tells whether a line is the function's, and not of a literal in it or
	// around it. Nil means that all are.
	Own func(line int) bool
	// Declared tells whether a line is within the declaration. Nil means that all are.
	Declared func(line int) bool
	// Loops tells whether a line can come after a later one within one call. Nil means
	// never: the function has no loop.
	Loops func(from, to int) bool
}

// Call is one call of a function, as far as it waited.
type Call struct {
	Func  int    // the index in what Read was given
	Waits []Wait // in order of time
}

// Wait is a time that a line of a function took. The instants are of the trace.
type Wait struct {
	Line     int
	From, To time.Duration
	Blocked  time.Duration // of this time, without what ran
	Again    bool          // it begins another round of a loop
}

// Took is how long it was.
func (w Wait) Took() time.Duration { return w.To - w.From }

// Profile is what Read found.
type Profile struct {
	Calls     []Call        // whole ones, by their ends
	Elsewhere []int         // of each function: how often it waited at lines where it is not declared
	Cut       int           // calls that had begun before the trace or had not ended with it
	Length    time.Duration // of the trace
	Broken    error         // why the trace could not be read to its end; what came before counts
}

// Read reads a trace. It fails for what is no trace at all.
func Read(r io.Reader, funcs []Func) (*Profile, error) {
	tr, err := trace.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("not a trace: %w", err)
	}
	p := &reading{funcs: funcs, byName: make(map[string][]int), goroutines: make(map[trace.GoID]*goroutine), stacks: make(map[trace.Stack][]frame)}
	p.Elsewhere = make([]int, len(funcs))
	for i, f := range funcs {
		for _, name := range []string{f.Name, f.Also} {
			p.byName[name] = append(p.byName[name], i)
		}
	}
	first := true
	for {
		e, err := tr.ReadEvent()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if first {
				return nil, fmt.Errorf("not a trace: %w", err)
			}
			p.Broken = err
			break
		}
		if first {
			p.begin = e.Time()
			first = false
		}
		p.Length = e.Time().Sub(p.begin)
		switch e.Kind() {
		case trace.EventSync:
			clear(p.stacks) // they are numbered anew
		case trace.EventStateTransition:
			if st := e.StateTransition(); st.Resource.Kind == trace.ResourceGoroutine {
				p.step(e, st)
			}
		}
	}
	for _, g := range p.goroutines {
		p.Cut += len(g.open)
	}
	return &p.Profile, nil
}

// reading is the state of Read.
type reading struct {
	Profile
	funcs      []Func
	byName     map[string][]int
	goroutines map[trace.GoID]*goroutine
	stacks     map[trace.Stack][]frame
	begin      trace.Time
}

// goroutine is one of the trace.
type goroutine struct {
	open   []*call
	waits  bool
	since  time.Duration // when the wait began
	frames []frame       // of the stack that waits
	known  bool          // whether the trace has that stack
	old    bool          // it was there before the trace, and has not waited in it yet
}

// call is one that has not ended yet.
type call struct {
	Call
	caller string          // where it is called from
	old    bool            // it began before the trace
	below  map[uint64]bool // of its last line: the stacks in which it waited there
}

// frame is a chosen function in a stack.
type frame struct {
	fn     int
	line   int
	caller string
	below  uint64 // tells stacks from here inwards apart
}

func (p *reading) step(e trace.Event, st trace.StateTransition) {
	id := st.Resource.Goroutine()
	from, to := st.Goroutine()
	now := e.Time().Sub(p.begin)
	g := p.goroutines[id]
	if g == nil {
		g = &goroutine{old: from == trace.GoUndetermined}
		p.goroutines[id] = g
	}
	waiting := to == trace.GoWaiting || to == trace.GoSyscall
	switch {
	case to == trace.GoNotExist:
		p.keep(g, nil)
		delete(p.goroutines, id)
	case waiting && !g.waits:
		g.waits, g.since, g.frames, g.known = true, now, p.frames(st.Stack), st.Stack != trace.NoStack
		p.keep(g, g.frames)
	case to == trace.GoRunning && g.waits:
		g.waits = false
		for _, f := range g.frames {
			g.add(p, f, now)
		}
		g.old = g.old && !g.known
	}
}

// add counts the wait that ends to a frame's line.
func (g *goroutine) add(p *reading, f frame, now time.Duration) {
	var c *call
	for _, o := range g.open {
		if o.Func == f.fn {
			c = o
		}
	}
	from := g.since
	if c == nil {
		c = &call{Func: f.fn, caller: f.caller, old: g.old}
		g.open = append(g.open, c)
	} else {
		from = c.Waits[len(c.Waits)-1].To
	}
	w := Wait{Line: f.line, From: from, To: now, Blocked: now - g.since}
	if n := len(c.Waits); n > 0 {
		last := &c.Waits[n-1]
		same := last.Line == f.line
		w.Again = f.line < last.Line || same && c.below[f.below] && p.loops(f.fn, f.line, f.line)
		if same && !w.Again { // a call that waits several times
			last.To = now
			last.Blocked += w.Blocked
			c.below[f.below] = true
			return
		}
	}
	c.below = map[uint64]bool{f.below: true}
	c.Waits = append(c.Waits, w)
}

// keep ends the open calls of a goroutine that are not among frames.
func (p *reading) keep(g *goroutine, frames []frame) {
	g.open = slices.DeleteFunc(g.open, func(c *call) bool {
		for _, f := range frames {
			if f.fn != c.Func {
				continue
			}
			last := c.Waits[len(c.Waits)-1].Line
			if f.caller == c.caller && (f.line >= last || p.loops(f.fn, last, f.line)) {
				return false
			}
		}
		if c.old {
			p.Cut++
		} else {
			p.Calls = append(p.Calls, c.Call)
		}
		return true
	})
}

func (p *reading) loops(fn, from, to int) bool {
	loops := p.funcs[fn].Loops
	return loops != nil && loops(from, to)
}

// frames finds the chosen functions in a stack, each once, innermost first.
func (p *reading) frames(s trace.Stack) []frame {
	if s == trace.NoStack {
		return nil
	}
	if list, ok := p.stacks[s]; ok {
		return list
	}
	var list []frame
	open := 0 // the first frame of list that has no caller yet
	h := fnv.New64a()
	for f := range s.Frames() {
		fmt.Fprintf(h, "%x ", f.PC)
		for ; open < len(list); open++ {
			list[open].caller = fmt.Sprint(f.Func, ":", f.Line)
		}
		for _, i := range p.byName[Plain(f.Func)] {
			fn, line := &p.funcs[i], int(f.Line)
			switch {
			case !sameFile(f.File, fn.File):
			case fn.Declared != nil && !fn.Declared(line):
				p.Elsewhere[i]++ // once for each stack of a generation
			case fn.Own != nil && !fn.Own(line), slices.ContainsFunc(list, func(f frame) bool { return f.fn == i }):
			default:
				list = append(list, frame{fn: i, line: line, below: h.Sum64()})
			}
		}
	}
	p.stacks[s] = list
	return list
}

// Plain is the name of a function as Func has it: without type arguments, and a literal
// has the name of the declaration that it is in.
func Plain(name string) string {
	slash := strings.LastIndexByte(name, '/') + 1
	for _, part := range []string{".func", ".gowrap", ".deferwrap", "-range"} {
		if i := strings.Index(name[slash:], part); i > 0 {
			if rest := name[slash+i+len(part):]; rest != "" && rest[0] >= '0' && rest[0] <= '9' {
				name = name[:slash+i]
			}
		}
	}
	if !strings.Contains(name, "[") {
		return name
	}
	var b strings.Builder
	depth := 0
	for _, r := range name {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func sameFile(a, b string) bool {
	a, b = strings.ReplaceAll(a, `\`, "/"), strings.ReplaceAll(b, `\`, "/")
	if path.Base(a) != path.Base(b) {
		return false
	}
	da, db := path.Base(path.Dir(a)), path.Base(path.Dir(b))
	da, _, _ = strings.Cut(da, "@") // a module's directory in the cache
	return da == db || db == "." || da == "."
}

// Lines sums what the lines of calls took, by line.
func Lines(calls []Call) []LineTime {
	sums := make(map[int]LineTime)
	for _, c := range calls {
		for _, w := range c.Waits {
			s := sums[w.Line]
			sums[w.Line] = LineTime{w.Line, s.Count + 1, s.Took + w.Took(), s.Blocked + w.Blocked}
		}
	}
	var list []LineTime
	for _, s := range sums {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b LineTime) int { return cmp.Compare(a.Line, b.Line) })
	return list
}

// LineTime is what a line took in all calls.
type LineTime struct {
	Line, Count   int
	Took, Blocked time.Duration
}
