package watch

import (
	"strconv"
	"sync"
)

// names are those of the tasks of a group, whose errors number them. They are noted in
// order of declaration, and counted only when an error is made. A group that lives long
// does not keep all it ever had.
type names struct {
	mu    sync.Mutex // guards what follows
	noted []noted
	*numbers
}

type noted struct {
	name  string
	order uint32
	whole bool // it has parts
}

// numbers are what was counted of the names.
type numbers struct {
	counted int               // of noted
	tasks   map[uint32]uint32 // by order, of the second and further ones of a name
	parts   map[uint32]uint32 // the same for what the parts of a Race or Map are called
	last    map[string]uint32 // the number of the latest of each name
}

// maxNames is how many tasks of a group are numbered.
const maxNames = 1 << 16

// NoteName notes the name of a task that was just declared, in that place, and is no part
// of another; whole says that it has parts.
func (w *Group) NoteName(name string, order uint32, whole bool) {
	s := &w.names
	s.mu.Lock()
	if s.noted == nil {
		s.noted = make([]noted, 0, 6) // of a small group, at once
	}
	if len(s.noted) < maxNames {
		s.noted = append(s.noted, noted{name, order, whole})
	}
	s.mu.Unlock()
}

// NumberOf returns the number of the task that was declared in a place, 0 if its name is
// the first of its kind, or not noted. A part has the place of what it is a part of.
func (w *Group) NumberOf(order uint32, part bool) uint32 {
	if w == nil {
		return 0
	}
	s := &w.names
	s.mu.Lock()
	defer s.mu.Unlock()
	s.countLocked()
	if part {
		return s.parts[order]
	}
	return s.tasks[order]
}

// countLocked gives numbers to what was noted since it was last called.
func (s *names) countLocked() {
	if s.numbers == nil {
		s.numbers = &numbers{tasks: make(map[uint32]uint32), parts: make(map[uint32]uint32), last: make(map[string]uint32)}
	}
	for ; s.counted < len(s.noted); s.counted++ {
		t := s.noted[s.counted]
		if k := s.next(t.name); k > 1 {
			s.tasks[t.order] = k
		}
		if !t.whole {
			continue
		}
		if k := s.next(t.name + "[]"); k > 1 {
			s.parts[t.order] = k
		}
	}
}

// next numbers one more task of that name, with none that somebody is called by.
func (n *numbers) next(name string) uint32 {
	k := n.last[name] + 1
	for k > 1 && n.last[name+"#"+strconv.FormatUint(uint64(k), 10)] != 0 {
		k++
	}
	n.last[name] = k
	return k
}
