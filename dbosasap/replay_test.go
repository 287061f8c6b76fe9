package dbosasap_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
)

// everything is a flow with all that is an event of its history: limits of time,
// children, queues, a Race that is decided, and a failure that ends the rest.
type everything struct {
	inner *flow.Flow[int, int]
	outer *flow.Flow[int, string]
}

func newEverything(fails bool) everything {
	inner := flow.Define("inner", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("double", func(_ context.Context, n int) (int, error) { return 2 * n, nil })
	})
	slow := func(ctx context.Context) (int, error) {
		select {
		case <-time.After(time.Minute):
			return 0, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	outer := flow.Define("outer", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		child := in.Then("child", inner.Run)
		queued := in.Then("queued", func(_ context.Context, n int) (int, error) { return n + 1, nil })
		late := g.Optional("late", slow, asap.Within(50*time.Millisecond))
		race := g.Race("race", slow, func(context.Context) (int, error) { return 7, nil })
		sum := g.Go("sum", func(ctx context.Context) (string, error) {
			text := fmt.Sprint(child.Get(ctx), queued.Get(ctx), race.Get(ctx), late.Get(ctx).Err)
			if fails {
				return "", errors.New(text)
			}
			return text, nil
		}, asap.Needs(child, queued, late, race))
		sum.Do("tail", func(context.Context, string) error { return nil })
		return sum
	})
	return everything{inner, outer}
}

func (f everything) register(rt *dbosasap.Runtime) error {
	return errors.Join(
		dbosasap.Register(rt, f.inner),
		dbosasap.Register(rt, f.outer, dbosasap.Task("child", dbosasap.Child(f.inner)), dbosasap.Task("queued", dbosasap.Queue("queue"))))
}

func withQueue(t *testing.T, rt *dbosasap.Runtime) *dbosasap.Runtime {
	t.Helper()
	if _, err := dbos.RegisterQueue(rt.DBOS(), "queue", dbos.WithQueueBasePollingInterval(10*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	return rt
}

// A flow that was stopped behind any step goes on to the same end.
func TestReplay(t *testing.T) {
	for _, fails := range []bool{false, true} {
		f := newEverything(fails)
		folder := t.TempDir()
		whole := filepath.Join(folder, "whole.db")
		rt := withQueue(t, openRuntime(t, whole, f.register))
		h, err := dbosasap.Start(t.Context(), rt, f.outer, 4, dbos.WithWorkflowID("it"))
		if err != nil {
			t.Fatal(err)
		}
		want := outcome(h.Wait(within(t, 20*time.Second)))
		if !strings.Contains(want, "8 5 7 ") || !strings.Contains(want, "within 50ms") {
			t.Fatalf("the flow gives %q", want)
		}
		if err := rt.Shutdown(10 * time.Second); err != nil {
			t.Fatal(err)
		}
		for stop := 0; ; stop++ {
			database := filepath.Join(folder, fmt.Sprint(stop, ".db"))
			copyDatabase(t, whole, database)
			steps := stopAt(t, database, "it", stop)
			rt := withQueue(t, openRuntime(t, database, f.register))
			h, err := dbosasap.Attach(rt, f.outer, "it")
			if err != nil {
				t.Fatal(err)
			}
			if got := outcome(h.Wait(within(t, 20*time.Second))); got != want {
				t.Errorf("stopped behind step %d of %d, it gives %q, want %q", stop, steps, got, want)
			}
			if err := rt.Shutdown(10 * time.Second); err != nil {
				t.Fatal(err)
			}
			if stop == steps {
				break
			}
		}
	}
}

// outcome leaves out whether the body that is late had begun.
func outcome(s string, err error) string {
	return strings.ReplaceAll(fmt.Sprint(s, " ", err), "within 50ms: context deadline exceeded", "within 50ms")
}

// stopAt takes everything behind so many steps out of the history of a flow that has
// ended, and returns how many there were.
func stopAt(t *testing.T, database, id string, stop int) int {
	t.Helper()
	db, err := sql.Open("sqlite", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	steps := stepsOf(t, db, id)
	stopBefore(t, db, id, steps, stop)
	return len(steps)
}

// Values, exits and failures travel through the serializer that the database has: none
// of them is in it in clear.
func TestSerializer(t *testing.T) {
	const secret = "4111 1111 1111 1111"
	type card struct{ Number string }
	var ran atomic.Int32
	f := flow.Define("pay", func(g *asap.Group, in *asap.Task[card]) *asap.Task[card] {
		exit := g.NewExit[card]()
		return in.Then("charge", func(_ context.Context, c card) (card, error) {
			ran.Add(1)
			switch {
			case strings.HasPrefix(c.Number, "exit"):
				return card{}, exit.With(c)
			case strings.HasPrefix(c.Number, "fail"):
				return card{}, errors.New("refused: " + c.Number)
			}
			return c, nil
		})
	})
	for _, row := range []struct {
		name       string
		serializer dbos.Serializer[any]
		clear      bool
	}{
		{"JSON", nil, true},
		{"gob", dbos.NewGobSerializer(), true},
		{"encrypted", newSealed(t), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			database := filepath.Join(t.TempDir(), "flows.db")
			var ids []string
			for again := range 2 {
				d, err := dbos.NewContext(t.Context(), dbos.Config{AppName: "test", DatabaseURL: "sqlite:" + database, Serializer: row.serializer})
				if err != nil {
					t.Fatal(err)
				}
				rt := dbosasap.New(d)
				if err := errors.Join(dbosasap.Register(rt, f), rt.Launch()); err != nil {
					t.Fatal(err)
				}
				for i, number := range []string{secret, "exit " + secret, "fail " + secret} {
					var h *dbosasap.Handle[card]
					if again == 0 {
						h, err = dbosasap.Start(t.Context(), rt, f, card{number})
					} else {
						h, err = dbosasap.Attach(rt, f, ids[i])
					}
					if err != nil {
						t.Fatal(err)
					}
					ids = append(ids, h.ID())
					got, err := h.Wait(within(t, 20*time.Second))
					if i < 2 && (got.Number != number || err != nil) || i == 2 && (err == nil || err.Error() != "charge: refused: "+number) {
						t.Errorf("flow %d gives %v, %v", i, got, err)
					}
				}
				if err := rt.Shutdown(10 * time.Second); err != nil {
					t.Fatal(err)
				}
				for _, id := range ids[:3] {
					if again == 0 {
						db, err := sql.Open("sqlite", database)
						if err != nil {
							t.Fatal(err)
						}
						if _, err := db.Exec(`UPDATE workflow_status SET status = 'PENDING', output = NULL, error = NULL WHERE workflow_uuid = ?`, id); err != nil {
							t.Fatal(err)
						}
						if err := db.Close(); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			if ran.Swap(0) != 3 {
				t.Error("what was recorded ran again")
			}
			if !row.clear {
				inClear(t, database, secret)
			}
		})
	}
}

func inClear(t *testing.T, database, secret string) {
	t.Helper()
	files, err := filepath.Glob(database + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), secret) || strings.Contains(string(data), base64.StdEncoding.EncodeToString([]byte(secret))[:16]) {
			t.Errorf("%s has the card's number in clear", filepath.Base(file))
		}
	}
}
