package waterfall_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// What tasks and groups are declared with is recorded, and not guessed from what ran.
func TestFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		db := asap.SharedLimit(3)
		api := asap.SharedLimit(7)
		through := asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error { return body(ctx) })
		g := asap.New(t.Context(), asap.Name("page"), asap.Observe(&rec), asap.Limit(9), asap.Settled(), db)
		user := g.Go("user", sleep(10*ms, 1))
		cart := g.Go("cart", sleep(20*ms, 1), asap.Timeout(time.Second), asap.Within(time.Minute), through, api)
		list := g.Go("list", sleep(5*ms, []int{1, 2, 3}), db)
		g.Map("likes", list, func(_ context.Context, n int) (int, error) { time.Sleep(10 * ms); return n, nil },
			asap.Limit(2), asap.Timeout(time.Hour), api, asap.MayFail(), asap.After(user), asap.AfterEnd(cart))
		user.Race("mirror", func(context.Context, int) (int, error) { return 1, nil }, func(context.Context, int) (int, error) { time.Sleep(ms); return 1, nil })
		g.Do("audit", func(ctx context.Context) error {
			in := asap.New(ctx, asap.Name("inner"), asap.Limit(1))
			in.Go("in", sleep(ms, 1))
			again := asap.New(ctx, asap.Name("again"), api)
			again.Go("more", sleep(ms, 1))
			return errors.Join(in.Wait(), again.Wait())
		}, asap.Needs(user), asap.After(list, user), asap.AfterEnd(cart), asap.MayFail())
		if _, err := user.Await(t.Context()); err != nil {
			t.Error(err)
		}
		time.Sleep(7 * ms)
		cart.Await(t.Context())
		late := g.Go("late", sleep(ms, 1))
		_ = late
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		run := rec.Run()
		if err := run.Validate(); err != nil {
			t.Fatal(err)
		}
		id := func(name string) asap.ID { return run.Task(name).ID }
		if want := []waterfall.SharedLimit{{Limit: 3}, {Limit: 7}}; !slices.Equal(run.Shared, want) {
			t.Errorf("Shared = %v, want %v", run.Shared, want)
		}
		outer, inner, again := run.Groups[0], run.Groups[1], run.Groups[2]
		if outer.Limit != 9 || !outer.Settled || outer.Shared != 1 {
			t.Errorf("the outermost group = %+v, want the limit 9, settled, with the first shared limit", outer)
		}
		if want := []waterfall.Wait{{On: id("user"), Start: 0, End: 10 * ms}, {On: id("cart"), Start: 17 * ms, End: 20 * ms}}; !slices.Equal(outer.Waits, want) {
			t.Errorf("Waits = %v, want %v", outer.Waits, want)
		}
		if inner.Limit != 1 || inner.Settled || inner.Shared != 0 || len(inner.Waits) > 0 {
			t.Errorf("the inner group = %+v, want the limit 1 alone", inner)
		}
		if again.Limit != 0 || again.Shared != 2 {
			t.Errorf("the other inner group = %+v, want the second shared limit alone", again)
		}
		for _, want := range []waterfall.Task{
			{Name: "user"},
			{Name: "cart", Timeout: time.Second, Within: time.Minute, Around: true, Shared: 2},
			{Name: "list", Shared: 1},
			{Name: "likes", After: []asap.ID{id("user")}, AfterEnd: []asap.ID{id("cart")}, Limit: 2, Timeout: time.Hour, Shared: 2, MayFail: true},
			{Name: "likes[1]", Timeout: time.Hour, Shared: 2, MayFail: true},
			{Name: "mirror", Race: true},
			{Name: "mirror[0]"},
			{Name: "audit", After: []asap.ID{id("list")}, AfterEnd: []asap.ID{id("cart")}, MayFail: true},
		} {
			got := *run.Task(want.Name)
			if !slices.Equal(got.After, want.After) || !slices.Equal(got.AfterEnd, want.AfterEnd) || got.Limit != want.Limit || got.Timeout != want.Timeout ||
				got.Within != want.Within || got.Around != want.Around || got.MayFail != want.MayFail || got.Race != want.Race || got.Shared != want.Shared {
				t.Errorf("%s = %+v, want %+v", want.Name, got, want)
			}
		}
		if text := run.Text(120, false); !strings.Contains(text, "at once (limit 9, shared limit 3, settled)") || !strings.Contains(text, "likes (limit 2, shared limit 7)") {
			t.Errorf("the text has not the limits, and that the group is settled:\n%s", text)
		}
		back, err := waterfall.ReadJSON(strings.NewReader(render(t, run, waterfall.JSON)))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := render(t, back, waterfall.JSON), render(t, run, waterfall.JSON); got != want {
			t.Errorf("written, read and written:\n%s\nwant\n%s", got, want)
		}
	})
}

// S3: of two limits each has its own number, also if nobody queued for it.
func TestEachLimitIsItsOwn(t *testing.T) {
	for _, limits := range [][]asap.Option{{asap.Limit(4)}, nil} {
		synctest.Test(t, func(t *testing.T) {
			var rec waterfall.Recorder
			g := asap.New(t.Context(), append(limits, asap.Observe(&rec))...)
			items := g.Input("items", []int{1, 2, 3, 4, 5, 6})
			g.Map("prices", items, func(context.Context, int) (int, error) { time.Sleep(20 * ms); return 0, nil }, asap.Limit(2))
			for range 6 {
				g.Go("call", sleep(30*ms, 1))
			}
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			run := rec.Run()
			want := 0
			if limits != nil {
				want = 4
			}
			if got, of := run.Groups[0].Limit, run.Task("prices").Limit; got != want || of != 2 {
				t.Errorf("limits of the group and of the Map = %d and %d, want %d and 2", got, of, want)
			}
			p, err := run.WhatIf()
			if err != nil || p.Makespan != run.Makespan {
				t.Errorf("WhatIf() = %v, %v; want the run itself, %v", p.Makespan, err, run.Makespan)
			}
		})
	}
}

// A recorder that is inside of groups that it does not see knows their shared limit.
func TestSharedLimitFromOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		g := asap.New(t.Context(), asap.SharedLimit(5))
		g.Do("outer", func(ctx context.Context) error {
			in := asap.New(ctx, asap.Observe(&rec))
			in.Go("in", sleep(ms, 1))
			return in.Wait()
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if run := rec.Run(); run.Groups[0].Shared != 1 || run.Shared[0].Limit != 5 {
			t.Errorf("Groups[0] = %+v, Shared = %v; want the one of 5 bodies", run.Groups[0], run.Shared)
		}
	})
}

// eachFile calls check with every file of an older version.
func eachFile(t *testing.T, pattern string, least int, check func(name, text string, run *waterfall.Run)) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) < least {
		t.Fatalf("files %s: %q, %v", pattern, files, err)
	}
	for _, name := range files {
		old, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		run, err := waterfall.ReadJSON(strings.NewReader(string(old)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		check(name, string(old), run)
	}
}

// Files of version 1 are read as they are, and what they do not say is guessed.
func TestReadJSONVersion1(t *testing.T) {
	eachFile(t, "testdata/v1/*.json", 5, func(name, old string, run *waterfall.Run) {
		if len(run.Notes) == 0 || !strings.Contains(run.Notes[len(run.Notes)-1], "guesses") {
			t.Errorf("%s: Notes = %q, want one that says what is guessed", name, run.Notes)
		}
		run.Notes = nil
		now := strings.Replace(render(t, run, waterfall.JSON), `"version":3`, `"version":1`, 1)
		if base := filepath.Base(name); base != "race.json" && base != "settled.json" && now != old {
			t.Errorf("%s: written again it is\n%s", name, now)
		}
	})
	read := func(name string) *waterfall.Run {
		t.Helper()
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		run, err := waterfall.ReadJSON(file)
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	if run := read("testdata/v1/race.json"); !run.Task("mirror").Race || run.Task("likes").Race {
		t.Error("a Race is not told from a Map")
	}
	if run := read("testdata/v1/settled.json"); !run.Groups[0].Settled {
		t.Error("a group that went on after a failure is not settled")
	}
}
