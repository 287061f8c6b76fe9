package record

import "time"

// Deps returns the declared dependencies, of an entry with SeenDeclared.
func (e *Entry) Deps() []uint32 {
	if m := e.more.Load(); m != nil && m.deps != nil {
		return m.deps
	}
	return e.few[:e.ndeps]
}

// Parent returns what SetParent has noted, or 0.
func (e *Entry) Parent() uint32 {
	if !e.isPart {
		return 0
	}
	return e.few[len(e.few)-1]
}

// ReadyLater returns when a task was ready that was not when On had ended, of an
// entry with SeenReady, and else 0.
func (e *Entry) ReadyLater() time.Duration {
	if m := e.more.Load(); m != nil {
		return m.ready
	}
	return 0
}

// Err returns the error, of an entry with SeenEnded.
func (e *Entry) Err() error {
	if m := e.more.Load(); m != nil {
		return m.err
	}
	return nil
}

// IsSimple reports of an entry with SeenEnded that it has no waits, no error and no
// limit.
func (e *Entry) IsSimple() bool {
	m := e.more.Load()
	return m == nil || m.err == nil && m.waits.steps.Load() == 0 && (m.facts == nil || m.facts.Limit == 0 && m.facts.Shared == nil)
}
