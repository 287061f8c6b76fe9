package tail

import "sync/atomic"

// budget pays for second calls: each first call pays a share of one into it. At any
// moment those that it has paid for are at most that share of the first calls, and in any
// stretch of those at most that and burst more.
type budget struct {
	share int64 // in parts
	saved atomic.Int64
}

const (
	parts = 1_000_000 // of one call
	burst = 10        // calls that may be saved
)

// pay counts a first call.
func (b *budget) pay() { b.add(b.share) }

// repay takes back what was spent for a call that was never made.
func (b *budget) repay() { b.add(parts) }

func (b *budget) add(n int64) {
	for {
		saved := b.saved.Load()
		if saved >= burst*parts || b.saved.CompareAndSwap(saved, min(saved+n, burst*parts)) {
			return
		}
	}
}

// spend reports whether there is enough for a second call, and takes it.
func (b *budget) spend() bool {
	for {
		saved := b.saved.Load()
		if saved < parts {
			return false
		}
		if b.saved.CompareAndSwap(saved, saved-parts) {
			return true
		}
	}
}
