package tail

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// book has the records of tasks.
type book struct {
	mu      sync.RWMutex // guards what follows
	records map[place]*record
}

// maxRecords is how many tasks are told apart: of others nothing is known, and so nothing
// is done with them.
const maxRecords = 256

// of returns the record of a task, nil if it is one too many.
func (b *book) of(at place) *record {
	b.mu.RLock()
	r := b.records[at]
	b.mu.RUnlock()
	if r != nil {
		return r
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if r = b.records[at]; r != nil || len(b.records) >= maxRecords {
		return r
	}
	if b.records == nil {
		b.records = make(map[place]*record)
	}
	at.group, at.task = strings.Clone(at.group), strings.Clone(at.task) // they may be part of something large
	r = &record{place: at}
	b.records[at] = r
	return r
}

// all returns all records, in the order of groups and tasks.
func (b *book) all() []*record {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := make([]*record, 0, len(b.records))
	for _, r := range b.records {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *record) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.task, b.task))
	})
	return out
}

// in returns those of a group's tasks.
func (b *book) in(group string) (of []*record) {
	for _, r := range b.all() {
		if r.group == group {
			of = append(of, r)
		}
	}
	return of
}
