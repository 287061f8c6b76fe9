package tail_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// TestLook is how second calls look: as a task inside of the one that is called twice, which
// runs all the while and is what the run waits for. The loser may say that it was canceled
// as gRPC does, whose errors wrap nothing.
func TestLook(t *testing.T) {
	for _, test := range []struct {
		name string
		took [2]time.Duration
		err  error // of the second
		want string
	}{
		{"won", [2]time.Duration{100 * ms, 20 * ms}, nil, `
home: succeeded after 45 ms, 4 tasks, work 65 ms, at most 2 at once

             took needs 0               10 ms            20 ms            30 ms           40 ms
▸ user      10 ms       █████████████████
▸ ads       30 ms user  ················▐██████████████████████████████████████████████████
    hedge   20 ms                                        ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
▸ render     5 ms ads   ··································································▐████████

  █ running, critical   ━ running   · blocked
▸ critical path: user 10 ms → ads 30 ms → render 5 ms
`},
		{"lost", [2]time.Duration{30 * ms, 100 * ms}, errors.New("rpc error: code = Canceled desc = context canceled"), `
home: succeeded after 45 ms, 4 tasks, work 65 ms, at most 2 at once

             took needs 0               10 ms            20 ms            30 ms           40 ms
▸ user      10 ms       █████████████████
▸ ads       30 ms user  ················▐██████████████████████████████████████████████████
    hedge   20 ms                                        ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━~
▸ render     5 ms ads   ··································································▐████████

  █ running, critical   ━ running   · blocked   ~ canceled
▸ critical path: user 10 ms → ads 30 ms → render 5 ms

  canceled: ads/hedge
`},
		{"failed", [2]time.Duration{50 * ms, 10 * ms}, errBoom, `
home: succeeded after 65 ms, 4 tasks, work 75 ms, at most 2 at once

             took needs 0          10 ms       20 ms      30 ms       40 ms      50 ms       60 ms
▸ user      10 ms       ████████████
▸ ads       50 ms user  ···········▐█████████████████████████████████████████████████████████▌
    hedge   10 ms                              ━━━━━━━━━━━━!
▸ render     5 ms ads   ·····································································██████

  █ running, critical   ━ running   · blocked   ! tolerated
▸ critical path: user 10 ms → ads 50 ms → render 5 ms

  ads/hedge failed at 30 ms, which was tolerated: boom
`},
	} {
		bubble(t, func(t *testing.T, ctx context.Context) {
			var b bytes.Buffer
			stats := new(waterfall.Stats)
			g := asap.New(ctx, asap.Name("home"), waterfall.Print(&b), asap.Observe(stats))
			var c calls
			user := g.Go("user", func(ctx context.Context) (int, error) { return 1, sleep(ctx, 10*ms) })
			ads := user.Then("ads", func(ctx context.Context, _ int) (int, error) {
				i := c.next()
				err := sleep(ctx, test.took[i-1])
				if i == 2 && (err != nil || test.err == errBoom) {
					err = test.err
				}
				return i, err
			}, always(10*ms))
			ads.Do("render", func(ctx context.Context, _ int) error { return sleep(ctx, 5*ms) })
			wait(t, g)
			if got := strings.TrimSpace(b.String()); got != strings.TrimSpace(test.want) {
				t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
			}
			// Statistics speak of the task, which has all the time of the critical path.
			r := stats.Report("home", waterfall.SinceStart)
			var names []string
			for _, task := range r.Tasks {
				names = append(names, task.Name)
				if task.Name == "ads/hedge" && task.Criticality != 0 || task.Name == "ads" && task.SlowShare < .6 {
					t.Errorf("%s: %+v", test.name, task)
				}
			}
			if got := strings.Join(names, " "); got != "ads user render ads/hedge" {
				t.Errorf("%s: tasks %s", test.name, got)
			}
		})
	}
}
