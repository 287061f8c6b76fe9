package record

import (
	"iter"
	"time"
)

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

// Steps returns how many times the body has begun to wait and gone on.
func (e *Entry) Steps() int {
	if m := e.more.Load(); m != nil {
		return int(m.steps.Load())
	}
	return 0
}

// Waits yields the waits of the first n steps. If n is odd the last one has no
// Until.
func (e *Entry) Waits(n int) iter.Seq[Wait] {
	return func(yield func(Wait) bool) {
		m := e.more.Load()
		if m == nil || n == 0 {
			return
		}
		at, chunk := &m.first, (*waits)(nil)
		for i := 0; ; {
			w := Wait{On: at.On, At: at.At}
			if 2*i+1 < n {
				w.Until = at.Until
			}
			if i++; !yield(w) || 2*i >= n {
				return
			}
			switch k := (i - 1) % len(chunk.w); {
			case chunk == nil:
				chunk = m.rest
			case k == 0:
				chunk = chunk.next
			}
			at = &chunk.w[(i-1)%len(chunk.w)]
		}
	}
}
