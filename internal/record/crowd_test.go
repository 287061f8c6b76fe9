package record

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A crowd is a list of what is waited for, the oldest first, of which what has a number
// comes first.
func TestCrowd(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		var c crowd
		var list []uint64
		for range 200 {
			id := uint64(r.IntN(6))
			switch r.IntN(5) {
			case 0, 1:
				c.join(id)
				list = append(list, id)
			case 2, 3:
				i := slices.Index(list, id)
				if got := c.leave(id); got != (i >= 0) {
					t.Fatalf("%d: leave(%d) = %t of %v", seed, id, got, list)
				}
				if i >= 0 {
					list = slices.Delete(list, i, i+1)
				}
			default:
				i := max(0, slices.IndexFunc(list, func(id uint64) bool { return id != 0 }))
				got, ok := c.next()
				if ok != (len(list) > 0) || ok && got != list[i] {
					t.Fatalf("%d: next() = %d, %t of %v", seed, got, ok, list)
				}
				if ok {
					list = slices.Delete(list, i, i+1)
				}
			}
		}
	}
}

// Each wait has a place of its own, where it is found again, however many there are and
// whether told ones are forgotten.
func TestPlacesOfWaits(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 2))
		var e Entry
		var at time.Duration
		var all []Wait
		for n := range uint32(1 + r.IntN(60)) {
			at++
			e.Block(at, n+1)
			e.Resume(at+1, n+1)
			all = append(all, Wait{On: n + 1, At: at, Until: at + 1})
			at++
		}
		if got := slices.Collect(e.Waits(e.Steps())); !slices.Equal(got, all) {
			t.Fatalf("%d: waits %v, want %v", seed, got, all)
		}
		for _, forget := range []bool{false, true} {
			for range 40 {
				at++
				e.Block(at, 7)
				e.Resume(at, 7)
				if r.IntN(3) > 0 || !e.Claim() {
					continue
				}
				for want := uint32(0); ; {
					wait, ended, ok := e.Take(forget)
					if !ok {
						break
					}
					if !ended {
						want = wait.On
					} else if wait.On != want {
						t.Fatalf("%d: the end of a wait for %d is told after the beginning of one for %d", seed, wait.On, want)
					}
				}
			}
		}
	}
}
