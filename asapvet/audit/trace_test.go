package audit_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime/trace"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap/asapvet/audit"
)

// remote is asked by the functions that the test records.
type remote struct{ user, prices, posts chan string }

//asapvet:read
func (r *remote) getUser(ctx context.Context) (string, error) { return <-r.user, nil }

//asapvet:read
func (r *remote) getPrices(ctx context.Context) (string, error) { return <-r.prices, nil }

//asapvet:read
func (r *remote) listPosts(ctx context.Context, user string) (string, error) { return <-r.posts, nil }

// recorded makes three calls, one of them in three lines.
func recorded(ctx context.Context, r *remote) (string, error) {
	user, err := r.getUser(ctx)
	if err != nil {
		return "", err
	}
	prices, err := r.getPrices(ctx)
	if err != nil {
		return "", err
	}
	posts, err := r.
		listPosts(ctx,
			user)
	if err != nil {
		return "", err
	}
	return user + prices + posts, nil
}

// quiet is like recorded, and nobody calls it.
func quiet(ctx context.Context, r *remote) (string, error) {
	user, err := r.getUser(ctx)
	if err != nil {
		return "", err
	}
	prices, err := r.getPrices(ctx)
	if err != nil {
		return "", err
	}
	return user + prices, nil
}

var _ = quiet

var spun int

// record makes 5 calls and returns the file of their recording.
func record(t *testing.T) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "run.trace"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := trace.Start(f); err != nil {
		t.Skip(err) // the tests themselves are traced
	}
	synctest.Test(t, func(t *testing.T) { // which tells when a goroutine waits
		r := &remote{make(chan string), make(chan string), make(chan string)}
		done := make(chan error, 1)
		go func() {
			var err error
			for range 5 {
				_, err = recorded(t.Context(), r)
			}
			done <- err
		}()
		for range 5 {
			for _, c := range []chan string{r.user, r.prices, r.posts} {
				synctest.Wait()
				for range 3_000_000 { // a wait of about a millisecond; it may be any
					spun++
				}
				c <- "x"
			}
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	trace.Stop()
	return f.Name()
}

func find(t *testing.T, r *audit.Report, fn string) *audit.Site {
	t.Helper()
	for _, s := range r.Sites {
		if s.Func == fn {
			return s
		}
	}
	t.Fatalf("no site in %s: %s", fn, r.Text(0, 100))
	return nil
}

func TestTrace(t *testing.T) {
	file := record(t)
	cfg := audit.Config{Dir: ".", Patterns: []string{"."}, Tests: true, Traces: []string{file}, Min: time.Nanosecond}
	r := run(t, cfg)
	s := find(t, r, "recorded")
	if s.Count != 5 || s.Levels != [2]int{3, 2} || len(s.Calls) != 3 {
		t.Fatalf("site %+v, want 5 calls of three", s)
	}
	sum := 0.0
	for i, c := range s.Calls {
		if c.MS <= 0 {
			t.Errorf("call %d took %v ms", i, c.MS)
		}
		sum += c.MS
	}
	if after := max(s.Calls[1].MS, s.Calls[0].MS+s.Calls[2].MS); s.After < 0.999*after || s.After >= s.Before || s.Before < 0.999*sum || s.Before > 1.001*sum {
		t.Errorf("before %v, after %v of calls %+v", s.Before, s.After, s.Calls)
	}
	if r.Sites[0] != s {
		t.Errorf("%s is before what was recorded", r.Sites[0].Func)
	}
	if q := find(t, r, "quiet"); q.Mark != audit.NotThere || q.Count != 0 {
		t.Errorf("quiet is marked %q, want %q", q.Mark, audit.NotThere)
	}
	// What takes too little is nothing to be worth it.
	cfg.Min = time.Hour
	if r := run(t, cfg); r.Worth(0) {
		t.Error("Worth is true although no call takes an hour")
	}
}

// The source has changed since: the function is elsewhere, or waits at other lines.
func TestStale(t *testing.T) {
	file := record(t)
	source, err := os.ReadFile("trace_test.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(source), "\n")
	at := slices.Index(lines, "func recorded(ctx context.Context, r *remote) (string, error) {\n")
	for name, change := range map[string][]string{
		"elsewhere": slices.Insert(slices.Clone(lines), at, strings.Repeat("\n", 100)),
		"moved":     slices.Insert(slices.Clone(lines), at+1, "\t// one\n\t// two\n"),
	} {
		dir := t.TempDir()
		for file, text := range map[string]string{"go.mod": "module github.com/asap-go/asap/asapvet\n", "audit/trace_test.go": strings.Join(change, "")} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		r := run(t, audit.Config{Dir: dir, Patterns: []string{"./audit"}, Tests: true, Traces: []string{file}, Min: time.Nanosecond})
		if s := find(t, r, "recorded"); s.Mark != audit.Stale || s.Count != 0 {
			t.Errorf("%s: marked %q, want %q", name, s.Mark, audit.Stale)
		}
	}
}
