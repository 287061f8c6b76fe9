package tmprules_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime/trace"
	"slices"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

func TestR26_Trace(t *testing.T) {
	if trace.IsEnabled() {
		t.Skip("a trace is being taken already")
	}
	var out bytes.Buffer
	if err := trace.Start(&out); err != nil {
		t.Fatal(err)
	}
	stop := func() {
		if trace.IsEnabled() {
			trace.Stop()
		}
	}
	defer stop()
	g := asap.New(t.Context(), asap.Name("page"), asap.Limit(3))
	user := g.Go("user", after(time.Millisecond, 1))
	user.Then("profile", inc)
	g.Do("nested", func(ctx context.Context) error {
		nested := asap.New(ctx, asap.Name("inner"))
		nested.Go("in", user.Await)
		return nested.Wait()
	})
	g.Map("map", g.Input("ids", []int{1, 2}), inc)
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	anonymous := asap.New(t.Context(), asap.Settled())
	bad := anonymous.Go("bad", fails(0, errBoom))
	bad.Then("skipped", never1[int](t))
	anonymous.Wait()
	for name, die := range dying {
		dead := asap.New(t.Context(), asap.Name(name))
		dead.Do("dead", func(context.Context) error { die(); return nil })
		ended(dead.Wait)
	}
	stop()

	tasks, regions := readTrace(t, out.Bytes())
	want := []userTask{
		{"Goexit", "", 1, 1}, {"asap.Group", "", 1, 1}, {"inner", "page", 1, 1}, {"page", "", 1, 1}, {"panic", "", 1, 1},
	}
	if !slices.Equal(tasks, want) {
		t.Errorf("tasks in the trace: %v, want %v", tasks, want)
	}
	wantRegions := []userTask{
		{"dead", "Goexit", 1, 1}, {"bad", "asap.Group", 1, 1}, {"in", "inner", 1, 1}, {"map[0]", "page", 1, 1}, {"map[1]", "page", 1, 1},
		{"nested", "page", 1, 1}, {"profile", "page", 1, 1}, {"user", "page", 1, 1}, {"dead", "panic", 1, 1},
	}
	if fmt.Sprint(regions) != fmt.Sprint(wantRegions) {
		t.Errorf("regions in the trace: %v, want %v", regions, wantRegions)
	}
}
