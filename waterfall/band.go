package waterfall

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asap-go/asap"
)

// What a band tells of its tasks: in a label, a sentence, and over time.

// label is what a band is called, and what must not be cut off that.
func (b *band) label() (name, tail string) {
	n := strconv.Itoa(len(b.tasks))
	switch b.sort {
	case onTheWay:
		return n + " critical", ""
	case leftOvers:
		return n + " others", ""
	}
	return b.name, " ×" + n
}

// figuresOf are those of many tasks.
type figuresOf struct {
	ran      int // bodies that ran
	p50, max time.Duration
	longest  int // the task that took max, or -1
	peak     int // bodies at once
	bad      int
	outcomes [asap.Goexited + 1]int
}

func (x *index) figuresOf(tasks []int) figuresOf {
	f := figuresOf{longest: -1}
	took := make([]time.Duration, 0, len(tasks))
	for _, i := range tasks {
		t := &x.run.Tasks[i]
		if int(t.Outcome) < len(f.outcomes) {
			f.outcomes[t.Outcome]++
		}
		if bad(t.Outcome) {
			f.bad++
		}
		if !t.started() {
			continue
		}
		d := t.Took()
		took = append(took, d)
		if f.longest < 0 || d > f.max {
			f.max, f.longest = d, i
		}
	}
	if f.ran = len(took); f.ran > 0 {
		slices.Sort(took)
		f.p50 = took[(f.ran-1)/2]
	}
	f.peak = x.run.peakOf(slices.Values(tasks))
	return f
}

// say describes a band in a sentence.
func (x *index) say(b *band) string {
	f := x.figuresOf(b.tasks)
	name, _ := b.label()
	if b.sort == alike {
		name = fmt.Sprintf("%s: %s", called(name), count(len(b.tasks), "task"))
	}
	switch {
	case f.ran == 0:
		return name + x.sayOutcomes(&f)
	case f.max == 0:
		return name + ", which took no time of their own" + x.sayOutcomes(&f)
	}
	return fmt.Sprintf("%s, half took %s or less, the longest %s (%s), at most %d at once%s",
		name, duration(f.p50), duration(f.max), short(x.told(f.longest), longestName), f.peak, x.sayOutcomes(&f))
}

// sayOutcomes counts those that did not succeed.
func (x *index) sayOutcomes(f *figuresOf) string {
	var parts []string
	for o, n := range f.outcomes {
		if n > 0 && asap.Outcome(o) != asap.Succeeded {
			word := "not ended"
			if o != 0 {
				word = outcomeWord(asap.Outcome(o), true)
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "; " + strings.Join(parts, ", ")
}

// crowd is how many tasks of a band were in each state, over columns of the run.
type crowd struct {
	busy    []float64 // bodies that run, on average
	any     []bool    // some body runs, however short
	queued  []bool
	blocked []bool
	most    float64 // of busy
}

func (x *index) crowd(tasks []int, columns int) crowd {
	c := crowd{make([]float64, columns), make([]bool, columns), nil, nil, 0}
	span := float64(max(x.run.Makespan, 1))
	n := float64(columns)
	whole := make([]float64, columns+1) // changes in the number of bodies over whole columns
	var covers [3][]int
	for s := range covers {
		covers[s] = make([]int, columns+1)
	}
	at := func(d time.Duration) float64 { return max(0, min(n, float64(d)/span*n)) }
	for _, i := range tasks {
		for _, p := range x.run.Tasks[i].Pieces {
			from, to := at(p.Start), at(p.End)
			first := min(int(from), columns-1)
			last := min(int(to), columns-1)
			if last > first && float64(last) == to {
				last-- // ends where that column begins
			}
			state := [...]int{Running: 0, Queued: 1, Blocked: 2, Outside: 0}[p.State]
			if p.Len() > 0 || p.State == Running && x.run.Tasks[i].Start() == x.run.Tasks[i].End() {
				covers[state][first]++
				covers[state][last+1]--
			}
			if p.State != Running {
				continue
			}
			if first == last {
				c.busy[first] += to - from
				continue
			}
			c.busy[first] += float64(first+1) - from
			c.busy[last] += to - float64(last)
			whole[first+1]++
			whole[last]--
		}
	}
	var sum float64
	var sums [3]int
	shows := [3][]bool{c.any, make([]bool, columns), make([]bool, columns)}
	for k := range columns {
		sum += whole[k]
		c.busy[k] += sum
		c.most = max(c.most, c.busy[k])
		for s := range shows {
			sums[s] += covers[s][k]
			shows[s][k] = sums[s] > 0
		}
	}
	c.queued, c.blocked = shows[1], shows[2]
	return c
}
