package waterfall

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/asap-go/asap"
)

// Explain says in sentences what a picture cannot. The first ones say why a run came to
// nothing: what ended it from outside, who waited in a circle, which tasks failed and
// why, the first failure first, and what could not be undone. Then come the errors that were tolerated, what was
// canceled or skipped, what share of the time is a limit's, and, in a run that has
// not ended, what it waits for at this moment and since when. It is empty for
// a run in which everything went well and no limit mattered.
//
// The time of a limit is that in which a task of the critical path had everything but a
// slot of this limit: the stretches in the queue in whose place the path has what those
// did who held the slots, together. Where two of them overlap the later task's counts,
// so that no instant counts twice. It says what the run waited for, and not what a wider
// limit saves, which [Run.WhatIf] predicts. A limit with less than a twentieth of the time
// is not mentioned.
func (r *Run) Explain() []string {
	e := explainer{index: r.index()}
	e.ended()
	e.cycles()
	e.failures()
	e.undos()
	e.tolerated()
	e.losses(asap.Canceled, "canceled")
	e.losses(asap.Exited, "ended by an early exit")
	e.losses(asap.Skipped, "skipped")
	e.limits()
	if !r.Ended {
		e.stuck()
	}
	for _, n := range r.Notes {
		e.say("note: %s", plain(clip(n, 4*longestTold)))
	}
	return e.out
}

type explainer struct {
	*index
	out     []string
	outside bool // what ended the run was none of its tasks
}

func (e *explainer) say(format string, args ...any) {
	e.out = append(e.out, fmt.Sprintf(format, args...))
}

func (e *explainer) name(i int) string { return short(e.told(i), 2*longestName) }

// cycles tells every circle of waits once, from the errors that it left.
func (e *explainer) cycles() {
	told := make(map[string]bool)
	for i := range e.run.Tasks {
		names := cyclePath(e.run.Tasks[i].Err)
		if names == nil {
			continue
		}
		whole := strings.Join(names, " → ")
		if told[whole] {
			continue
		}
		if told[whole] = true; len(told) > 10 {
			continue
		}
		var legs []string
		for k := 0; k+1 < len(names); k++ {
			legs = append(legs, names[k]+" waits for "+names[k+1])
		}
		e.say("cycle: %s: none of them could ever go on", strings.Join(legs, ", "))
	}
	if n := len(told); n > 10 {
		e.say("%d more circles of waits", n-10)
	}
}

// cyclePath finds the path of an asap.CycleError in an error's text, which is
// all that a recorded run has.
func cyclePath(err string) []string {
	_, path, ok := strings.Cut(err, "cycle: ")
	if !ok {
		return nil
	}
	path, _, _ = strings.Cut(path, "\n")
	names := strings.Split(clip(path, 8*longestTold), " → ")
	if len(names) < 2 {
		return nil
	}
	for i := range names {
		names[i] = called(names[i])
	}
	last := &names[len(names)-1]
	if rest, ok := strings.CutPrefix(*last, names[0]); ok && (strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, ";")) {
		*last = names[0] // what follows is the rest of a longer message
	}
	return names
}

// ended tells what ended the run, if that was none of its tasks.
func (e *explainer) ended() {
	if len(e.run.Groups) == 0 || e.run.Groups[0].Err == "" {
		return
	}
	g := &e.run.Groups[0]
	if g.Outcome != asap.Canceled && slices.ContainsFunc(e.run.Tasks, func(t Task) bool { return bad(t.Outcome) }) {
		return
	}
	text, _, _ := strings.Cut(strings.TrimPrefix(g.Err, "group "+g.Name+": "), "\n")
	e.outside = true
	e.say("the run %s after %s: %s", ending(g), duration(g.End), short(plain(text), 500))
}

// ending is a verb for how a run came to nothing.
func ending(g *Group) string {
	switch {
	case g.Late:
		return "ran out of time"
	case g.Outcome == asap.Canceled:
		return "was canceled"
	}
	return "failed"
}

// failures tells of the first first: it has ended the group, unless that is settled. Of
// those of one instant what is inside comes before what is around it.
func (e *explainer) failures() {
	verb := map[asap.Outcome]string{asap.Failed: "failed", asap.Panicked: "panicked", asap.Goexited: "called runtime.Goexit"}
	var failed []int
	for i := range e.run.Tasks {
		t := &e.run.Tasks[i]
		if p := e.parent(i); !bad(t.Outcome) || p >= 0 && e.race(p) && t.Outcome == asap.Failed && e.run.Tasks[p].Outcome == asap.Failed {
			continue // a Race's sentence has what its functions say
		}
		failed = append(failed, i)
	}
	slices.SortStableFunc(failed, func(a, b int) int {
		return cmp.Or(cmp.Compare(e.run.Tasks[a].End(), e.run.Tasks[b].End()), cmp.Compare(e.depth(b), e.depth(a)))
	})
	for _, i := range failed[:min(len(failed), 10)] {
		t := &e.run.Tasks[i]
		e.say("%s %s at %s%s", e.name(i), verb[t.Outcome], duration(t.End()), because(t))
	}
	if n := len(failed); n > 10 {
		e.say("%d more tasks failed", n-10)
	}
}

// undos tells what could not be undone, from the errors of groups, which have that behind
// their failures: "pay: declined; reserve: undo: no connection". The tasks themselves have
// succeeded.
func (e *explainer) undos() {
	if e.outside {
		return // that has been told as why the run has failed
	}
	n := 0
	for g := range e.run.Groups {
		for part := range strings.SplitSeq(e.run.Groups[g].Err, "; ") {
			name, text, ok := strings.Cut(part, ": undo: ")
			if !ok {
				continue
			}
			i := e.member(g, name)
			if at := strings.LastIndex(name, ": "); i < 0 && at >= 0 {
				i = e.member(g, name[at+2:])
			}
			if i < 0 {
				continue // of a group inside, which has it, too
			}
			if n++; n <= 10 {
				text, _, _ = strings.Cut(text, "\n")
				e.say("%s could not be undone: %s", e.name(i), short(plain(clip(text, 4*longestTold)), 500))
			}
		}
	}
	if n > 10 {
		e.say("%d more tasks could not be undone", n-10)
	}
}

// member is the task of group g with that name, or -1.
func (e *explainer) member(g int, name string) int {
	n := slices.IndexFunc(e.members[g], func(i int) bool { return e.run.Tasks[i].Name == name })
	if n < 0 {
		return -1
	}
	return e.members[g][n]
}

// limits tells what share of the time is that of a limit, the greatest first.
func (e *explainer) limits() {
	for _, l := range e.limitTimes() {
		if l.time >= e.run.Makespan/20 {
			e.say("%s %% of the time is %s: what the run waited for was ready and waited for a slot", digits(100*float64(l.time)/float64(e.run.Makespan)), e.limitName(l.Slot))
		}
	}
}

// limitName is what sentences call a limit.
func (e *explainer) limitName(l Slot) string {
	if l.Shared > 0 {
		return fmt.Sprintf("the shared limit of %d", l.Limit)
	}
	of := ""
	if i, ok := e.taskOf(l.Of); ok {
		of = " of " + e.name(i)
	} else if g, ok := e.groupOf(l.Of); ok && g > 0 {
		owner, _ := e.taskOf(e.run.Groups[g].Parent)
		of = " of the group in " + e.name(owner)
		if name := e.run.Groups[g].Name; name != "" {
			of = " of the group " + short(plain(name), longestName)
		}
	}
	return fmt.Sprintf("the limit of %d%s", l.Limit, of)
}

// tolerated tells which errors others went on without.
func (e *explainer) tolerated() {
	n := 0
	for i := range e.run.Tasks {
		t := &e.run.Tasks[i]
		if t.Outcome != asap.Tolerated {
			continue
		}
		if n++; n <= 10 {
			e.say("%s failed at %s, which was tolerated%s", e.name(i), duration(t.End()), because(t))
		}
	}
	if n > 10 {
		e.say("the failures of %d more tasks were tolerated", n-10)
	}
}

// because is the task's error without what the sentence has said already.
func because(t *Task) string {
	text := strings.TrimPrefix(t.Err, "asap: task ") // as older recordings have it
	name := t.Name
	if i := strings.LastIndexByte(name, '#'); i > 0 && !strings.HasPrefix(text, name+": ") {
		name = name[:i] // the second task named price is price#2
	}
	text = strings.TrimPrefix(text, name+": ")
	text = strings.TrimPrefix(text, "panic: ")
	text, _, more := strings.Cut(strings.TrimSpace(text), "\n")
	switch {
	case text == "" || t.Outcome == asap.Goexited:
		return ""
	case more && t.Outcome != asap.Panicked:
		text += " …"
	}
	return ": " + short(plain(clip(text, 4*longestTold)), 500)
}

// losses tells who came to nothing without a fault of their own.
func (e *explainer) losses(o asap.Outcome, verb string) {
	var names []string
	for i := range e.run.Tasks {
		if e.run.Tasks[i].Outcome == o {
			names = append(names, e.name(i))
		}
	}
	if len(names) > 0 {
		e.say("%s: %s", verb, list(names, 8))
	}
}

// word is how a task ended, or what it does.
func (t *Task) word() string {
	if s := t.now().State; s != 0 {
		return s.String()
	}
	return outcomeWord(t.Outcome, t.Outcome != 0)
}

// outcomeWord is how a run or a task ended, in a word.
func outcomeWord(o asap.Outcome, ended bool) string {
	switch {
	case !ended:
		return "running"
	case o == 0:
		return "ended"
	}
	if o == asap.LeftOut {
		return "left out"
	}
	return strings.ToLower(o.String())
}
