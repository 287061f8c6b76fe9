package waterfall_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// Of runs that are fast or slow more are slow: p50 and p99 are what they were, and the
// change is seen all the same, with what it is made of. One that takes very long is none.
func TestShift(t *testing.T) {
	for _, tt := range []struct {
		name   string
		misses float64       // share of slow runs, of a tenth before
		once   time.Duration // that one run takes
		want   string        // is in the words
		end    string
	}{
		{name: "as before", misses: .1},
		{name: "one very long run", misses: .1, once: 2 * time.Hour},
		{name: "more", misses: .4, want: "226 of 600 runs took longer than 6.19 ms since ", end: ", before 296 of 3000; the mean +54.5 ms: db explains 54.5 ms"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(3, 4))
				var s waterfall.Stats
				run := func(misses float64, n int) {
					for range n {
						db := 4 * ms
						if rnd.Float64() < misses {
							db = 200 * ms
						}
						d := db + 2*ms
						s.Add(&waterfall.Run{Name: "page", Ended: true, Makespan: d, Groups: []waterfall.Group{{ID: 1, End: d, Outcome: asap.Succeeded}}, Tasks: []waterfall.Task{
							{ID: 2, Group: 1, Name: "db", Outcome: asap.Succeeded, Pieces: []waterfall.Piece{{State: waterfall.Running, End: db}}},
							{ID: 3, Group: 1, Name: "render", Outcome: asap.Succeeded, Deps: []asap.ID{2}, Pieces: []waterfall.Piece{
								{State: waterfall.Blocked, End: db, On: 2}, {State: waterfall.Running, Start: db, End: d}}},
						}})
						time.Sleep(time.Second)
					}
				}
				run(.1, 3600)
				if tt.once > 0 {
					s.Add(&waterfall.Run{Name: "page", Ended: true, Makespan: tt.once, Groups: []waterfall.Group{{ID: 1, End: tt.once, Outcome: asap.Succeeded}}})
				}
				run(tt.misses, 600)
				c, ok := s.Changed("page")
				words := strings.Join(c.Words(), "; ")
				if ok != (tt.want != "") {
					t.Fatalf("Changed = %t: %s", ok, words)
				}
				if !ok {
					return
				}
				shift, moved := c.Shift()
				text := fmt.Sprintf("%d of %d runs took longer than %v", shift.After, c.After.Runs, shift.Than)
				if !moved || shift.Than < 6*ms || shift.Than > 200*ms || !strings.Contains(words, tt.want) || !strings.Contains(words, tt.end) {
					t.Errorf("%s (%t); words: %s", text, moved, words)
				}
			})
		})
	}
}
