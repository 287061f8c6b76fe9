//go:build unix

package dbosasap_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/internal/pgtest"
)

var (
	flows       = flag.Int("flows", 100, "flows that TestKill runs")
	kills       = flag.Int("kills", 5, "kills of the process during TestKill")
	serverKills = flag.Int("server-kills", 1, "kills of PostgreSQL during TestKill")
	seed        = flag.Uint64("seed", 0, "seed of the instants of TestKill; 0 takes one from the clock")
)

// job is what a process of TestKill does.
type job struct {
	Database string
	Journal  string
	Flows    int
}

// entry is a line of the journal, which bodies write by themselves.
type entry struct {
	PID   int
	Key   string // of the body
	Ended bool
	At    time.Time
}

func TestMain(m *testing.M) {
	if text := os.Getenv("ASAP_JOB"); text != "" {
		var j job
		if err := json.Unmarshal([]byte(text), &j); err != nil {
			panic(err)
		}
		if err := j.work(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	slog.SetDefault(slog.New(slog.DiscardHandler))
	m.Run()
}

// TestKill kills a process with kill -9 again and again while it runs flows, and the
// database as well, and holds what the database has in the end against what the bodies
// wrote: every result is right, every task is recorded once, and what was recorded
// never ran again.
func TestKill(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		testKill(t, filepath.Join(t.TempDir(), "flows.db"), func() {})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		p := pgtest.Start(t)
		left := *serverKills
		testKill(t, p.URL(), func() {
			if left--; left >= 0 {
				p.Kill()
				p.Restart()
			}
		})
	})
}

func testKill(t *testing.T, database string, disturb func()) {
	if testing.Short() {
		*flows, *kills = min(*flows, 60), min(*kills, 3)
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("go test -run TestKill -seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	j := job{database, filepath.Join(t.TempDir(), "journal"), *flows}
	start := time.Now()
	killed := 0
	for {
		p := j.process(t)
		over := make(chan error, 1)
		go func() { over <- p.Wait() }()
		var kill <-chan time.Time
		if killed < *kills {
			kill = j.running(time.Duration(random.IntN(*flows)) * 2 * time.Millisecond)
		}
		select {
		case err := <-over:
			if err != nil {
				t.Fatalf("the process that ended by itself says %v", err)
			}
		case <-kill:
			_ = p.Process.Kill()
			<-over
			killed++
			disturb()
			continue
		}
		break
	}
	took := time.Since(start)
	if killed < *kills {
		t.Logf("all was done after %d of %d kills", killed, *kills)
	}
	audit(t, j, killed, took)
}

// running tells some time after bodies have begun to run.
func (j job) running(later time.Duration) <-chan time.Time {
	size := func() int64 {
		info, err := os.Stat(j.Journal)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	began := size()
	c := make(chan time.Time, 1)
	go func() { // ends with the process, or a minute later
		for end := time.Now().Add(time.Minute); size() == began && time.Now().Before(end); {
			time.Sleep(2 * time.Millisecond)
		}
		c <- <-time.After(later)
	}()
	return c
}

// process begins another one of this test, which does the job.
func (j job) process(t *testing.T) *exec.Cmd {
	t.Helper()
	data, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "ASAP_JOB="+string(data))
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// work runs all flows to their ends, those that were begun before and the others.
func (j job) work() error {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	file, err := os.OpenFile(j.Journal, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	rt, err := openLater(j.Database)
	if err != nil {
		return err
	}
	cases := randomCases(j.Flows)
	for _, c := range cases {
		if err := dbosasap.Register(rt, c.Flow.With(j.write(file))); err != nil {
			return err
		}
	}
	if err := rt.Launch(); err != nil {
		return err
	}
	slots := make(chan struct{}, 24)
	errs := make([]error, len(cases))
	var all sync.WaitGroup
	for i, c := range cases {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = c.Check(dbosasap.Run(context.Background(), rt, c.Flow, c.In, dbos.WithWorkflowID(workflowID(c))))
		})
	}
	all.Wait()
	return errors.Join(append(errs, rt.Shutdown(10*time.Second))...)
}

// openLater tries again while the database is not there yet.
func openLater(database string) (rt *dbosasap.Runtime, err error) {
	for range 100 {
		if rt, err = dbosasap.Open(context.Background(), "test", database); err == nil {
			return rt, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, err
}

// write has every body take some milliseconds, and writes down when it begins and ends.
func (j job) write(file io.Writer) asap.Option {
	var mu sync.Mutex
	return asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
		line := func(ended bool) {
			data, err := json.Marshal(entry{os.Getpid(), dbosasap.Key(ctx), ended, time.Now()})
			if err != nil {
				panic(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if _, err := file.Write(append(data, '\n')); err != nil {
				panic(err)
			}
		}
		line(false)
		defer line(true)
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		return body(ctx)
	})
}

// audit holds what the database has against the journal.
func audit(t *testing.T, j job, killed int, took time.Duration) {
	t.Helper()
	began := time.Now()
	entries := readJournal(t, j.Journal)
	runs := make(map[string][]entry)
	for _, e := range entries {
		runs[e.Key] = append(runs[e.Key], e)
	}
	rt := openRuntime(t, j.Database, func(rt *dbosasap.Runtime) error {
		for _, c := range randomCases(j.Flows) {
			if err := dbosasap.Register(rt, c.Flow); err != nil {
				return err
			}
		}
		return nil
	})
	var tasks, begun, again, lost int
	for _, c := range randomCases(j.Flows) {
		steps, err := dbos.GetWorkflowSteps(rt.DBOS(), workflowID(c))
		if err != nil {
			t.Fatal(err)
		}
		recorded := make(map[string]bool)
		for _, s := range steps {
			for _, task := range dbosasap.TasksIn(t, s.Output) {
				if recorded[task] {
					t.Errorf("%s: %s is recorded twice", workflowID(c), task)
				}
				recorded[task] = true
				tasks++
				key := workflowID(c) + "/" + task
				r := runs[key]
				delete(runs, key)
				for i, e := range r {
					if e.Ended {
						continue
					}
					begun++
					if e.At.After(s.CompletedAt.Add(5 * time.Millisecond)) {
						t.Errorf("%s: %s began at %v, and was recorded as complete at %v", workflowID(c), task, e.At, s.CompletedAt)
					}
					if i == len(r)-1 || r[i+1].PID != e.PID {
						lost++
					}
				}
				if len(r) > 2 {
					again++
				}
			}
		}
	}
	for key := range runs {
		t.Errorf("body %s ran, and the database does not have its end", key)
	}
	t.Logf("%d flows, %d kills in %v: %d tasks recorded, each once; %d bodies began, %d tasks more than once; the kills took %d bodies; audit %v",
		j.Flows, killed, took.Round(time.Millisecond), tasks, begun, again, lost, time.Since(began).Round(time.Millisecond))
	if lost == 0 && killed > 0 {
		t.Error("no kill took a body: the kills prove nothing")
	}
}

func readJournal(t *testing.T, path string) (entries []entry) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			continue // a kill has cut it
		}
		entries = append(entries, e)
	}
	return entries
}
