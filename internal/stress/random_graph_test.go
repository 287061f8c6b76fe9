package stress_test

import (
	"fmt"
	"strings"
	"time"
)

// graph is a random program against the whole API: what is declared, by whom,
// what each body does and how it ends. The runner executes it and the oracle
// simulates it; neither looks at the other.
type graph struct {
	seed     uint64
	ties     bool // durations collide: only what no tie can change is checked
	cyclic   bool // hard awaits of any task, so some close a cycle
	limited  bool
	observed bool
	shared   int // of the one SharedLimit, 0 for none
	tasks    []*task
	scopes   []*scope
	scripts  []*script // 0 is the driver's, which has no task
	outside  []*script // goroutines outside every task
}

type scope struct {
	id      int
	owner   *script
	settled bool
	limit   int
	shared  bool // has the SharedLimit
	name    string
	ctx     ctxKind
	d       time.Duration
	build   []*task // declared by whoever opens the scope, in order
	result  *task   // not nil: opened by Run, which returns it
}

type ctxKind uint8

const (
	ctxOwn     ctxKind = iota // of the body; the driver's is Background
	ctxValue                  // derived by WithValue
	ctxTimeout                // derived by WithTimeout(d)
	ctxForeign                // Background with a timeout: no nesting
	ctxCancel                 // canceled by opCancel, with a cause
	ctxStrange                // like ctxCancel, of a type that package context does not know
	ctxDead                   // dead before New
	ctxEnded                  // derived by WithCancel; opEnd of the body cancels it
)

type task struct {
	id, scope int
	kind      taskKind
	deps      []*task
	scripts   []*script // one, or those of a Map's elements or a Race's functions
	limit     int       // of a Map
	shared    bool      // has the SharedLimit
	options   []option
	leftOut   bool // When(false)
	mayFail   bool
	timeout   time.Duration // 0: none
	within    time.Duration
	omit      bool // taken out by the shrinker
}

type taskKind uint8

const (
	kGo taskKind = iota
	kDo
	kOptional
	kInput
	kGather
	kMap
	kRace
	kMapOptional
)

// script is what one body, or one goroutine outside, does.
type script struct {
	id    int
	steps []step
	ret   ret
	last  time.Duration // sleep before it returns
	scope int           // of the exit
	wrap  bool          // the error is wrapped by the body
	body  bool          // of a task
}

type step struct {
	op     op
	d      time.Duration // sleep, or how long the wait may take
	after  time.Duration // sleep after the step
	task   *task
	scope  *scope
	script *script // of a fork
	mode   mode
	policy policy
	omit   bool
}

type op uint8

const (
	opSleep op = iota
	opNap      // a sleep that the context ends
	opAwait
	opDeclare
	opOpen
	opWait
	opRun
	opFork   // a goroutine of the body, joined before the body returns
	opLeave  // a goroutine of the body, which it leaves behind
	opStop   // Stop of a group that is not around the caller: by an outsider, or by a goroutine of the owner
	opEnd    // the end of a nested group's context, ctxEnded
	opCancel // outside: the end of the outermost group's parent
)

type mode uint8

const (
	hard    mode = iota
	value        // WithValue: hard as well
	timeout      // soft
	never        // soft, canceled only when the wait is over
	anonTimeout
	anon
)

type policy uint8

const (
	ignore policy = iota
	propagate
	wrapped
)

type ret uint8

const (
	retValue ret = iota
	retFail
	retPanic
	retGoexit
	retExit
	retCause // the cause of the body's context, if it is dead
	retErr   // its Err
)

func (t *task) name() string         { return fmt.Sprintf("t%d", t.id) }
func (t *task) element(i int) string { return fmt.Sprintf("t%d[%d]", t.id, i) }

// with are s and the scripts of the goroutines that it starts.
func (s *script) with() []*script {
	all := []*script{s}
	for _, st := range s.steps {
		if st.script != nil {
			all = append(all, st.script.with()...)
		}
	}
	return all
}

// class is the type of a task's value.
func (t *task) class() byte {
	switch t.kind {
	case kDo:
		return 'S'
	case kOptional:
		return 'R'
	case kGather, kMap:
		return 'V'
	case kMapOptional:
		return 'W'
	}
	return 'U'
}

// width is the length of the slice that t yields.
func (t *task) width() int {
	if t.mapped() {
		return len(t.scripts)
	}
	return len(t.deps)
}

// String is the graph for people.
func (g *graph) String() string {
	var w strings.Builder
	fmt.Fprintf(&w, "graph -seed=%d ties=%v limited=%v cyclic=%v observed=%v shared=%d\n", g.seed, g.ties, g.limited, g.cyclic, g.observed, g.shared)
	for _, sc := range g.scopes {
		fmt.Fprintf(&w, "g%d settled=%v limit=%d shared=%v ctx=%d d=%d opened by s%d:", sc.id, sc.settled, sc.limit, sc.shared, sc.ctx, sc.d, sc.owner.id)
		for _, t := range sc.build {
			if !t.omit {
				fmt.Fprintf(&w, " %s", t.name())
			}
		}
		if sc.result != nil {
			fmt.Fprintf(&w, " Run of %s", sc.result.name())
		}
		w.WriteByte('\n')
	}
	for _, t := range g.tasks {
		if t.omit {
			continue
		}
		fmt.Fprintf(&w, "%s in g%d: %s", t.name(), t.scope, [...]string{"Go", "Do", "Optional", "Input", "Gather", "Map", "Race", "MapOptional"}[t.kind])
		for _, d := range t.deps {
			fmt.Fprintf(&w, " %s", d.name())
		}
		if t.limit > 0 {
			fmt.Fprintf(&w, " Limit(%d)", t.limit)
		}
		if t.shared {
			w.WriteString(" shared")
		}
		for _, o := range t.options {
			fmt.Fprintf(&w, " %v(%s)", o.how, o.on.name())
		}
		if t.leftOut {
			w.WriteString(" When(false)")
		}
		if t.mayFail {
			w.WriteString(" MayFail")
		}
		if t.timeout > 0 {
			fmt.Fprintf(&w, " Timeout(%d)", t.timeout)
		}
		if t.within > 0 {
			fmt.Fprintf(&w, " Within(%d)", t.within)
		}
		w.WriteByte('\n')
		for _, s := range t.scripts {
			fmt.Fprintf(&w, "  %v\n", s)
		}
	}
	fmt.Fprintf(&w, "driver %v\n", g.scripts[0])
	for _, s := range g.outside {
		fmt.Fprintf(&w, "outside %v\n", s)
	}
	return w.String()
}

func (s *script) String() string {
	var w strings.Builder
	fmt.Fprintf(&w, "s%d:", s.id)
	for _, st := range s.steps {
		if st.omit {
			continue
		}
		fmt.Fprintf(&w, " %s", [...]string{"sleep", "nap", "await", "declare", "open", "wait", "run", "fork", "leave", "stop", "end", "cancel"}[st.op])
		switch {
		case st.op == opAwait:
			fmt.Fprintf(&w, " %s %s d=%d %s", st.task.name(), [...]string{"hard", "value", "timeout", "never", "anon-timeout", "anon"}[st.mode], st.d, st.policy)
		case st.task != nil:
			fmt.Fprintf(&w, " %s", st.task.name())
		case st.scope != nil:
			fmt.Fprintf(&w, " g%d %s", st.scope.id, st.policy)
		case st.script != nil:
			fmt.Fprintf(&w, " {%v}", st.script)
		default:
			fmt.Fprintf(&w, " %d", st.d)
		}
		if st.after > 0 {
			fmt.Fprintf(&w, " +%d", st.after)
		}
		w.WriteByte(';')
	}
	fmt.Fprintf(&w, " +%d %s", s.last, [...]string{"value", "fail", "panic", "goexit", "exit", "cause", "err"}[s.ret])
	if s.ret == retExit {
		fmt.Fprintf(&w, " g%d", s.scope)
	}
	if s.wrap {
		w.WriteString(" wrapped")
	}
	return w.String()
}

func (p policy) String() string { return [...]string{"ignore", "propagate", "wrapped"}[p] }
