package dbosasap_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/internal/randomflow"
)

var random = flag.Int("random", 60, "flows that TestRandom runs, and stops three times each")

// place is a step of a workflow.
type place struct {
	workflow string
	step     int
}

// ran counts the bodies that have begun, by the steps that they are.
type ran struct {
	mu    sync.Mutex
	steps map[place]int
}

func (r *ran) in(rt *dbosasap.Runtime) asap.Option {
	return asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
		own := dbos.From(rt.DBOS(), ctx)
		id, err := dbos.GetWorkflowID(own)
		if err != nil {
			return err
		}
		step, err := dbos.GetStepID(own)
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.steps[place{id, step}]++
		r.mu.Unlock()
		return body(ctx)
	})
}

func workflowID(c *randomflow.Case) string { return "run of " + c.Flow.Name() }

// randomRuntime serves the flows of seeds, with what counts their bodies.
func randomRuntime(t *testing.T, database string, cases []*randomflow.Case, r *ran) *dbosasap.Runtime {
	return openRuntime(t, database, func(rt *dbosasap.Runtime) error {
		for _, c := range cases {
			if err := dbosasap.Register(rt, c.Flow.With(r.in(rt))); err != nil {
				return err
			}
		}
		return nil
	})
}

func randomCases(n int) []*randomflow.Case {
	cases := make([]*randomflow.Case, n)
	for i := range cases {
		cases[i] = randomflow.New(uint64(i))
	}
	return cases
}

// Random flows give on a database what they give in the process; and they do so after
// the process was stopped at any moment, without running again what was recorded. A
// moment is made of what the database has in the end: all that happened later is taken
// out of it, but for some of what was under way.
func TestRandom(t *testing.T) {
	n, rounds := *random, 3
	if testing.Short() {
		n, rounds = min(n, 30), 2
	}
	cases := randomCases(n)
	folder := t.TempDir()
	whole := filepath.Join(folder, "whole.db")
	first := &ran{steps: map[place]int{}}
	rt := randomRuntime(t, whole, cases, first)
	checkAll(t, rt, cases, func(c *randomflow.Case) (*dbosasap.Handle[randomflow.Value], error) {
		return dbosasap.Start(t.Context(), rt, c.Flow, c.In, dbos.WithWorkflowID(workflowID(c)))
	})
	if err := rt.Shutdown(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	for task, times := range first.steps {
		if times != 1 {
			t.Errorf("%v ran %d times", task, times)
		}
	}
	for round := range rounds {
		database := filepath.Join(folder, fmt.Sprint(round, ".db"))
		copyDatabase(t, whole, database)
		recorded := stopAll(t, database, cases, rand.New(rand.NewPCG(uint64(round), 1)))
		again := &ran{steps: map[place]int{}}
		rt := randomRuntime(t, database, cases, again)
		checkAll(t, rt, cases, func(c *randomflow.Case) (*dbosasap.Handle[randomflow.Value], error) {
			return dbosasap.Attach(rt, c.Flow, workflowID(c))
		})
		for task := range again.steps {
			if recorded[task] {
				t.Errorf("round %d: %v ran again, and the database had its record", round, task)
			}
		}
		t.Logf("round %d: %d tasks were recorded, %d ran", round, len(recorded), len(again.steps))
		if err := rt.Shutdown(10 * time.Second); err != nil {
			t.Fatal(err)
		}
	}
}

func checkAll(t *testing.T, rt *dbosasap.Runtime, cases []*randomflow.Case, handle func(*randomflow.Case) (*dbosasap.Handle[randomflow.Value], error)) {
	t.Helper()
	var all sync.WaitGroup
	for _, c := range cases {
		h, err := handle(c)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := c.Check(h.Wait(ctx)); err != nil {
				t.Errorf("%s: %v", c.Kind, err)
			}
		})
	}
	all.Wait()
}

func copyDatabase(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// stopAll makes of a database in which all flows have ended one that a process has
// left in the middle of all of them, and returns the tasks that it still knows.
func stopAll(t *testing.T, database string, cases []*randomflow.Case, r *rand.Rand) map[place]bool {
	t.Helper()
	db, err := sql.Open("sqlite", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	recorded := make(map[place]bool)
	for _, c := range cases {
		steps := stepsOf(t, db, workflowID(c))
		places := slices.Sorted(maps.Keys(steps))
		stop := r.IntN(len(places) + 1)
		started := -1 // the last step that is known to have begun before
		for _, p := range places[:stop] {
			started = max(started, steps[p].id)
		}
		for i, p := range places {
			s := steps[p]
			if i < stop || s.id < started && i != stop && r.IntN(2) == 0 {
				recorded[place{workflowID(c), s.id}] = true
				continue
			}
			if _, err := db.Exec(`DELETE FROM operation_outputs WHERE workflow_uuid = ? AND function_id = ?`, workflowID(c), s.id); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := db.Exec(`UPDATE workflow_status SET status = 'PENDING', output = NULL, error = NULL WHERE workflow_uuid = ?`, workflowID(c)); err != nil {
			t.Fatal(err)
		}
	}
	return recorded
}

type step struct {
	id   int
	name string
}

// stepsOf returns the steps of a workflow by their places.
func stepsOf(t *testing.T, db *sql.DB, id string) map[int]step {
	t.Helper()
	rows, err := db.Query(`SELECT function_id, function_name, output FROM operation_outputs WHERE workflow_uuid = ?`, id)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	steps := make(map[int]step)
	for rows.Next() {
		var s step
		var output sql.NullString
		if err := rows.Scan(&s.id, &s.name, &output); err != nil {
			t.Fatal(err)
		}
		if output.Valid { // it is no start of a workflow
			steps[dbosasap.PlaceOf(t, output.String)] = s
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
