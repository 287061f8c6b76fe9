package tail

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// shelf has a value for each of the keys that were asked for lately, so many at most.
// Of more, one goes that was not asked for since others went (the clock, or second
// chance): so names without end, as those with a number in them, do not take the places
// of those that come back, whichever were first.
type shelf[K comparable, V any] struct {
	mu    sync.RWMutex // guards what follows
	known map[K]*slot[K, V]
	all   []*slot[K, V]
	hand  int // of all: who is asked next to go
}

type slot[K comparable, V any] struct {
	key   K
	value *V
	asked atomic.Bool // for, since the hand has passed
}

// maxShelf is how many tasks are told apart, and groups.
const maxShelf = 256

// get returns the value of a key, nil if there is none.
func (s *shelf[K, V]) get(key K) *V {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e := s.known[key]
	if e == nil {
		return nil
	}
	if !e.asked.Load() { // written to once a round, and not by each call
		e.asked.Store(true)
	}
	return e.value
}

// getOrMake returns the value of a key, which made makes if there is none. It may keep
// less alive than key, if that is part of something large.
func (s *shelf[K, V]) getOrMake(key K, made func() (K, *V)) *V {
	if v := s.get(key); v != nil {
		return v
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.known[key]; e != nil {
		return e.value
	}
	if s.known == nil {
		s.known = make(map[K]*slot[K, V])
	}
	e := new(slot[K, V])
	e.key, e.value = made()
	s.known[e.key] = e
	if len(s.all) < maxShelf {
		s.all = append(s.all, e)
		return e.value
	}
	for s.all[s.hand].asked.Swap(false) {
		s.hand = (s.hand + 1) % maxShelf
	}
	delete(s.known, s.all[s.hand].key)
	s.all[s.hand] = e
	s.hand = (s.hand + 1) % maxShelf
	return e.value
}

// book has the records of tasks.
type book struct{ shelf[place, record] }

// of returns the record of a task.
func (b *book) of(at place) *record {
	return b.getOrMake(at, func() (place, *record) {
		at := place{strings.Clone(at.group), strings.Clone(at.task)}
		return at, &record{place: at}
	})
}

// records returns all, in the order of groups and tasks.
func (b *book) records() []*record {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := make([]*record, len(b.all))
	for i, e := range b.all {
		out[i] = e.value
	}
	slices.SortFunc(out, func(a, b *record) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.task, b.task))
	})
	return out
}

// in returns those of a group's tasks.
func (b *book) in(group string) (of []*record) {
	for _, r := range b.records() {
		if r.group == group {
			of = append(of, r)
		}
	}
	return of
}
