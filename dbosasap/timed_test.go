package dbosasap_test

import (
	"database/sql"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/internal/randomflow"
)

// Random flows in which time decides give on a database, in virtual time, what they give
// in the process; and so they do when all of it comes from the records, without running
// anything again.
func TestTimed(t *testing.T) {
	n := uint64(60)
	if testing.Short() {
		n = 20
	}
	synctest.Test(t, func(t *testing.T) {
		cases := make([]*randomflow.Timed, n)
		seen := make([]randomflow.Observer, n)
		for seed := range n {
			cases[seed] = randomflow.NewTimed(seed, randomflow.Pace{Tick: time.Millisecond})
		}
		serve := func(database string, options ...asap.Option) *dbosasap.Runtime {
			return openRuntime(t, database, func(rt *dbosasap.Runtime) error {
				for i, c := range cases {
					if err := dbosasap.Register(rt, c.Flow.With(asap.Observe(&seen[i])).With(options...)); err != nil {
						return err
					}
				}
				return nil
			})
		}
		folder := t.TempDir()
		database := filepath.Join(folder, "timed.db")
		rt := serve(database)
		var all sync.WaitGroup
		for i, c := range cases {
			h, err := dbosasap.Start(t.Context(), rt, c.Flow, c.In, dbos.WithWorkflowID(c.Flow.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				if err := c.Drive(t.Context(), h.Running); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				out, err := h.Wait(t.Context())
				if err := c.Check(out, err, true); err != nil {
					t.Error(err)
				}
				if err := c.CheckTasks(seen[i].Runs()[0]); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if err := rt.Shutdown(10 * time.Second); err != nil {
			t.Fatal(err)
		}
		again := filepath.Join(folder, "again.db")
		copyDatabase(t, database, again)
		pending(t, again)
		ran := &ran{tasks: map[string]int{}}
		rt = serve(again, ran.in())
		for _, c := range cases {
			h, err := dbosasap.Attach(rt, c.Flow, c.Flow.Name())
			if err != nil {
				t.Fatal(err)
			}
			out, err := h.Wait(t.Context())
			if err := c.Check(out, err, true); err != nil {
				t.Errorf("from the records: %v", err)
			}
		}
		if len(ran.tasks) > 0 {
			t.Errorf("bodies ran again: %v", ran.tasks)
		}
		if err := rt.Shutdown(10 * time.Second); err != nil {
			t.Fatal(err)
		}
	})
}

// pending makes of a database in which all flows have ended one where they have not, and
// everything that happened is recorded.
func pending(t *testing.T, database string) {
	t.Helper()
	db, err := sql.Open("sqlite", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE workflow_status SET status = 'PENDING', output = NULL, error = NULL WHERE workflow_uuid LIKE 'timed.%' AND workflow_uuid NOT LIKE '%.message.%'`); err != nil {
		t.Fatal(err)
	}
}
