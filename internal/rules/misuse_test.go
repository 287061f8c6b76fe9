package rules_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// TestR31_Misuse: each misuse panics at the call, with a message that starts
// with "asap: ", names the task and the call that fixes it.
func TestR31_Misuse(t *testing.T) {
	var (
		nobody  context.Context
		zero    asap.Group
		nilG    *asap.Group
		zeroT   asap.Task[int]
		nilT    *asap.Task[int]
		nilExit *asap.Exit[int]
		nilBody func(context.Context) (int, error)
		nilDo   func(context.Context) error
		nilThen func(context.Context, int) (int, error)
	)
	g := asap.New(t.Context())
	defer g.Stop()
	a := g.Go("a", after(0, 1))
	ids := g.Input("ids", []int{1})
	other := asap.New(t.Context())
	defer other.Stop()
	b := other.Go("b", after(0, 1))
	bs := other.Input("bs", []int{1})
	nilFn := func(call, name string) string {
		return "asap: task " + name + ": " + call + " with a nil function; pass one that "
	}
	rows := map[string]struct {
		call func()
		want string // the message, or its beginning and its end around " … "
	}{
		"New nil context":   {func() { asap.New(nobody) }, "asap: New with a nil context; pass context.Background()"},
		"New nil option":    {func() { asap.New(t.Context(), nil) }, "asap: New with a nil Option; leave it out"},
		"Limit 0":           {func() { asap.Limit(0) }, "asap: Limit(0); pass at least 1, or leave Limit out"},
		"Limit -1":          {func() { asap.Limit(-1) }, "asap: Limit(-1); pass at least 1, or leave Limit out"},
		"Go nil function":   {func() { g.Go("x", nilBody) }, nilFn("Go", "x")},
		"Do nil function":   {func() { g.Do("x", nilDo) }, nilFn("Do", "x")},
		"Optional nil":      {func() { g.Optional("x", nilBody) }, nilFn("Optional", "x")},
		"Race nil":          {func() { g.Race("x", one, nilBody) }, nilFn("Race", "x")},
		"Race none":         {func() { g.Race[int]("x") }, "asap: task x: Race without functions; pass at least one"},
		"Map nil":           {func() { g.Map("x", ids, nilThen) }, nilFn("Map", "x")},
		"Map option":        {func() { g.Map("x", ids, next, asap.Settled()) }, "asap: … Map x with an option other than Limit; give it to New"},
		"Map option Name":   {func() { g.Map("x", ids, next, asap.Name("n")) }, "asap: … Map x with an option other than Limit; give it to New"},
		"Map foreign":       {func() { g.Map("x", bs, next) }, "asap: Map of task x with task bs of another group; bring it in with Go(\"bs\", task.Await)"},
		"Map nil task":      {func() { g.Map[int, int]("x", nil, next) }, "asap: Map of task x with a nil Task; make one with Group.Go"},
		"Then nil":          {func() { a.Then("x", nilThen) }, nilFn("Then", "x")},
		"Task.Do nil":       {func() { a.Do("x", nil) }, nilFn("Do", "x")},
		"Task.Optional nil": {func() { a.Optional("x", nilThen) }, nilFn("Optional", "x")},
		"And2.Then nil":     {func() { a.And(a).Then[int]("x", nil) }, nilFn("Then", "x")},
		"And2.Do nil":       {func() { a.And(a).Do("x", nil) }, nilFn("Do", "x")},
		"And2.Optional nil": {func() { a.And(a).Optional[int]("x", nil) }, nilFn("Optional", "x")},
		"And foreign":       {func() { a.And(b) }, "asap: And of task a with task b of another group; bring it in with Go(\"b\", task.Await)"},
		"And2.And foreign":  {func() { a.And(a).And(b) }, "asap: And of task a with task b of another group; bring it in with Go(\"b\", task.Await)"},
		"And nil":           {func() { a.And(nilT) }, "asap: And of task a with a nil Task; make one with Group.Go"},
		"Gather foreign":    {func() { g.Gather("x", a, b) }, "asap: Gather of task x with task b of another group; bring it in with Go(\"b\", task.Await)"},
		"Gather nil":        {func() { g.Gather("x", a, nil) }, "asap: Gather of task x with a nil Task; make one with Group.Go"},
		"Run nil function":  {func() { asap.Run[int](t.Context(), nil) }, "asap: Run with a nil function; pass one that declares the tasks"},
		"Run nil context":   {func() { asap.Run(nobody, func(g *asap.Group) *asap.Task[int] { return a }) }, "asap: New with a nil context; pass context.Background()"},
		"Run foreign":       {func() { asap.Run(t.Context(), func(*asap.Group) *asap.Task[int] { return b }) }, "asap: Run: its function returned a task of another group; return one of the group that it was given"},
		"Run nil task":      {func() { asap.Run(t.Context(), func(*asap.Group) *asap.Task[int] { return nil }) }, "asap: Run: its function returned no task; return the task of the result"},
		"Define nil":        {func() { flow.Define[int, int]("f", nil) }, "asap: Define of flow f with a nil function; pass one that declares the tasks"},
		"Flow.Run nil context": {func() {
			define("f", func(_ *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in }).Run(nobody, 1)
		}, "asap: Run of flow f with a nil context; pass context.Background()"},
		"Await nil context":   {func() { a.Await(nobody) }, "asap: Await of task a with a nil context; pass the body's"},
		"Await nil task":      {func() { nilT.Await(t.Context()) }, "asap: Await with a nil Task; make one with Group.Go"},
		"Await zero task":     {func() { zeroT.Await(t.Context()) }, "asap: Await of a zero Task; make one with Group.Go"},
		"Then zero task":      {func() { zeroT.Then("x", next) }, "asap: Then of a zero Task; make one with Group.Go"},
		"Value zero task":     {func() { zeroT.Value() }, "asap: Value of a zero Task; make one with Group.Go"},
		"Result nil task":     {func() { nilT.Result() }, "asap: Result with a nil Task; make one with Group.Go"},
		"Name zero task":      {func() { zeroT.Name() }, "asap: Name of a zero Task; make one with Group.Go"},
		"zero And2":           {func() { asap.And2[int, int]{}.Then("x", sum2) }, "asap: And2.Then with a nil Task; make one with Group.Go"},
		"zero Group Go":       {func() { zero.Go("x", one) }, "asap: Go of a zero Group; make one with New"},
		"zero Group Do":       {func() { zero.Do("x", none) }, "asap: Do of a zero Group; make one with New"},
		"zero Group Optional": {func() { zero.Optional("x", one) }, "asap: Optional of a zero Group; make one with New"},
		"zero Group Input":    {func() { zero.Input("x", 1) }, "asap: Input of a zero Group; make one with New"},
		"zero Group Gather":   {func() { zero.Gather("x", a) }, "asap: Gather of a zero Group; make one with New"},
		"zero Group Map":      {func() { zero.Map("x", ids, next) }, "asap: Map of a zero Group; make one with New"},
		"zero Group Race":     {func() { zero.Race("x", one) }, "asap: Race of a zero Group; make one with New"},
		"zero Group NewExit":  {func() { zero.NewExit[int]() }, "asap: NewExit of a zero Group; make one with New"},
		"zero Group Wait":     {func() { zero.Wait() }, "asap: Wait of a zero Group; make one with New"},
		"nil Group Stop":      {func() { nilG.Stop() }, "asap: Stop of a zero Group; make one with New"},
		"zero Exit With":      {func() { nilExit.With(1) }, "asap: With of a zero Exit; make one with Group.NewExit"},
		"zero Exit Value":     {func() { new(asap.Exit[int]).Value() }, "asap: Value of a zero Exit; make one with Group.NewExit"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			got, ok := recovered(row.call).(string)
			begin, end, cut := strings.Cut(row.want, " … ")
			switch {
			case !ok, !strings.HasPrefix(got, "asap: "), cut && !(strings.HasPrefix(got, begin) && strings.HasSuffix(got, end)), !cut && !strings.HasPrefix(got, row.want):
				t.Errorf("panic: %q, want %s", got, row.want)
			case !strings.Contains(got, ";"):
				t.Errorf("panic: %q names no call that fixes it", got)
			}
		})
	}
	virtual(t, "Value and Result too early or of a failure", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		slow, bad := g.Go("slow", after(sec, 1)), g.Go("bad", fails(0, errBoom))
		skipped := bad.Then("page", next)
		synctest.Wait()
		for call, want := range map[string]string{
			"Value":            "asap: Value of task slow before it has ended; call Group.Wait or Await first",
			"Result":           "asap: Result of task slow before it has ended; call Group.Wait or Await first",
			"Value bad":        "asap: Value of a task without one: bad: boom; check the error of Group.Wait, or use Result",
			"Value of skipped": "asap: Value of a task without one: page skipped: bad: boom; check the error of Group.Wait, or use Result",
		} {
			got := recovered(func() {
				switch call {
				case "Value":
					slow.Value()
				case "Result":
					slow.Result()
				case "Value bad":
					bad.Value()
				default:
					skipped.Value()
				}
			})
			if got != want {
				t.Errorf("%s: panic %v, want %s", call, got, want)
			}
		}
		g.Wait()
	})
	virtual(t, "nothing is half done", func(t *testing.T) {
		// After a misuse the group works, and Wait does not hang.
		g := asap.New(t.Context())
		ids := g.Input("ids", []int{1})
		for _, call := range []func(){
			func() { g.Go("x", nilBody) }, func() { g.Race("x", one, nil) }, func() { g.Map("x", ids, nilThen) },
			func() { g.Gather("x", nilT) }, func() { ids.And(nilT) }, func() { g.Map("x", ids, next, asap.Name("n")) },
		} {
			if recovered(call) == nil {
				t.Error("a misuse did not panic")
			}
		}
		wantNil(t, "Wait", g.Wait())
	})
}
