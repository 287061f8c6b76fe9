package record

import "time"

// Facts are what few tasks and groups have been declared with. They are noted before
// anything else and never change. What is a yes or no is a bit of the state.
type Facts struct {
	Limit           int     // of a group, or of the elements of a Map; 0 without
	Shared          *Shared // its own, of a group only if it is new there; nil without
	Timeout, Within time.Duration
	After, AfterEnd []uint32 // of the dependencies, those that are for the order only
}

// Shared stands for a shared limit, of any number of runs: a recorder tells them apart
// by their pointers.
type Shared struct{ Limit int }

// IsEmpty reports whether there is nothing to note.
func (f *Facts) IsEmpty() bool {
	return f.Limit == 0 && f.Shared == nil && f.Timeout == 0 && f.Within == 0 && len(f.After)+len(f.AfterEnd) == 0
}

// Note notes facts before Declare or Begin; f may be nil.
func (e *Entry) Note(f *Facts) {
	if f != nil {
		e.moreOf().facts = f
	}
}

// Facts returns what Note has noted, of an entry with SeenDeclared; nil if nothing.
func (e *Entry) Facts() *Facts {
	if m := e.more.Load(); m != nil {
		return m.facts
	}
	return nil
}
