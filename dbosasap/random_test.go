package dbosasap_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/internal/randomflow"
)

var random = flag.Int("random", 60, "flows that TestRandom runs, and stops three times each")

// ran counts the bodies that have begun.
type ran struct {
	mu    sync.Mutex
	tasks map[string]int // by their keys
}

func (r *ran) in() asap.Option {
	return asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
		r.mu.Lock()
		r.tasks[dbosasap.Key(ctx)]++
		r.mu.Unlock()
		return body(ctx)
	})
}

func workflowID(c *randomflow.Case) string { return "run of " + c.Flow.Name() }

// randomRuntime serves the flows of seeds, with what counts their bodies.
func randomRuntime(t *testing.T, database string, cases []*randomflow.Case, r *ran) *dbosasap.Runtime {
	return openRuntime(t, database, func(rt *dbosasap.Runtime) error {
		for _, c := range cases {
			if err := dbosasap.Register(rt, c.Flow.With(r.in())); err != nil {
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
// out of it.
func TestRandom(t *testing.T) {
	n, rounds := *random, 3
	if testing.Short() {
		n, rounds = min(n, 30), 2
	}
	cases := randomCases(n)
	folder := t.TempDir()
	whole := filepath.Join(folder, "whole.db")
	first := &ran{tasks: map[string]int{}}
	rt := randomRuntime(t, whole, cases, first)
	checkAll(t, rt, cases, func(c *randomflow.Case) (*dbosasap.Handle[randomflow.Value], error) {
		return dbosasap.Start(t.Context(), rt, c.Flow, c.In, dbos.WithWorkflowID(workflowID(c)))
	})
	if err := rt.Shutdown(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	for task, times := range first.tasks {
		if times != 1 {
			t.Errorf("%v ran %d times", task, times)
		}
	}
	for round := range rounds {
		database := filepath.Join(folder, fmt.Sprint(round, ".db"))
		copyDatabase(t, whole, database)
		recorded := stopAll(t, database, cases, rand.New(rand.NewPCG(uint64(round), 1)))
		again := &ran{tasks: map[string]int{}}
		rt := randomRuntime(t, database, cases, again)
		checkAll(t, rt, cases, func(c *randomflow.Case) (*dbosasap.Handle[randomflow.Value], error) {
			return dbosasap.Attach(rt, c.Flow, workflowID(c))
		})
		for task := range again.tasks {
			if recorded[task] {
				t.Errorf("round %d: %v ran again, and the database had its record", round, task)
			}
		}
		t.Logf("round %d: %d tasks were recorded, %d ran", round, len(recorded), len(again.tasks))
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
func stopAll(t *testing.T, database string, cases []*randomflow.Case, r *rand.Rand) map[string]bool {
	t.Helper()
	db, err := sql.Open("sqlite", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	recorded := make(map[string]bool)
	for _, c := range cases {
		id := workflowID(c)
		steps := stepsOf(t, db, id)
		stop := r.IntN(len(steps) + 1)
		stopBefore(t, db, id, steps, stop)
		for _, s := range steps[:stop] {
			for _, task := range s.tasks {
				recorded[id+"/"+task] = true
			}
		}
	}
	return recorded
}

// stopBefore takes a step and all behind it out of the history of a flow that has ended.
func stopBefore(t *testing.T, db *sql.DB, id string, steps []step, stop int) {
	t.Helper()
	if stop < len(steps) {
		if _, err := db.Exec(`DELETE FROM operation_outputs WHERE workflow_uuid = ? AND function_id >= ?`, id, steps[stop].id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec(`UPDATE workflow_status SET status = 'PENDING', output = NULL, error = NULL WHERE workflow_uuid = ?`, id); err != nil {
		t.Fatal(err)
	}
}

// step is one of DBOS, with the calls whose ends it has.
type step struct {
	id    int
	tasks []string
}

// stepsOf returns the steps of a workflow.
func stepsOf(t *testing.T, db *sql.DB, id string) (steps []step) {
	t.Helper()
	rows, err := db.Query(`SELECT function_id, output FROM operation_outputs WHERE workflow_uuid = ? ORDER BY function_id`, id)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s step
		var output sql.NullString
		if err := rows.Scan(&s.id, &output); err != nil {
			t.Fatal(err)
		}
		if output.Valid { // it is no start of a workflow
			s.tasks = dbosasap.TasksInRow(t, output.String)
		}
		steps = append(steps, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
