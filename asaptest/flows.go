package asaptest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// flowCase is a flow that keeps to what any engine can run, and what must come
// of it: the value, or the text of the error and the tasks it can be told by.
type flowCase struct {
	rule   string
	flow   *flow.Flow[int, string]
	in     int
	want   string
	fails  string // text of the error, "" for none
	task   string // of the *TaskError in it
	skips  string // names of skipped tasks, in order of declaration
	queues bool   // a limit holds tasks back
	undone string // the errors of undos in that of the flow, in order
	clock  bool   // a flow.Clock is needed
	away   bool   // this process raises it instead: a panic, Goexit
}

type (
	group  = asap.Group
	number = *asap.Task[int]
	words  = *asap.Task[string]
)

func plus(n int) func(context.Context, int) (int, error) {
	return func(_ context.Context, a int) (int, error) { return a + n, nil }
}

func broken(_ context.Context, a int) (int, error) { return 99, fmt.Errorf("no %d", a) }

func join[T any](_ context.Context, list []T) (string, error) {
	return strings.Trim(fmt.Sprint(list), "[]"), nil
}

func or(_ context.Context, r asap.Result[int]) (string, error) {
	if te, ok := errors.AsType[*asap.TaskError](r.Err); ok {
		return "without " + te.Task + " " + strconv.Itoa(r.Or(-1)), nil
	}
	return strconv.Itoa(r.Value), nil
}

var flowCases = append([]flowCase{
	{rule: "R1 chain", in: 1, want: "7", flow: flow.Define("asaptest.chain", func(g *group, in number) words {
		return in.Then("one", plus(1)).Then("two", plus(2)).Then("three", plus(3)).Then("text", text)
	})},
	{rule: "R1 and to three", in: 1, want: "6", flow: flow.Define("asaptest.and", func(g *group, in number) words {
		a, b := in.Then("a", plus(1)), in.Then("b", plus(2))
		return in.And(a).And(b).Then("three", func(_ context.Context, i, a, b int) (int, error) { return i + a + b, nil }).Then("text", text)
	})},
	{rule: "R1 do and input", in: 4, want: "8 done", flow: flow.Define("asaptest.do", func(g *group, in number) words {
		done := in.Do("save", ignore)
		return in.And(g.Input("factor", 2)).And(done).Then("text", func(_ context.Context, a, f int, _ struct{}) (string, error) {
			return strconv.Itoa(a*f) + " done", nil
		})
	})},
	{rule: "R33 gather", in: 1, want: "3 2 4", flow: flow.Define("asaptest.gather", func(g *group, in number) words {
		a := in.Then("a", plus(1))
		b := a.Then("b", plus(1))
		return g.Gather("all", b, a, in.Then("c", plus(3))).Then("text", join[int])
	})},
	{rule: "R33 gather of nothing", in: 1, want: "0", flow: flow.Define("asaptest.gather0", func(g *group, in number) words {
		return g.Gather[int]("all").Then("text", func(_ context.Context, l []int) (string, error) { return strconv.Itoa(len(l)), nil })
	})},
	{rule: "R33 map", queues: true, in: 12, want: "1 2 3 4 5 6 7 8 9 10 11 12", flow: flow.Define("asaptest.map", func(g *group, in number) words {
		return g.Map("likes", in.Then("list", upTo), plus(1), asap.Limit(3)).Then("text", join[int])
	})},
	{rule: "R33 map of nothing", in: 0, want: "", flow: flow.Define("asaptest.map0", func(g *group, in number) words {
		return g.Map("likes", in.Then("list", upTo), plus(1)).Then("text", join[int])
	})},
	{rule: "R13 map with a failed element", queues: true, in: 3, fails: "likes[2]: no 2", task: "likes[2]", skips: "likes text", flow: flow.Define("asaptest.mapfail", func(g *group, in number) words {
		return g.Map("likes", in.Then("list", upTo), func(_ context.Context, a int) (int, error) {
			if a == 2 {
				return 0, fmt.Errorf("no %d", a)
			}
			return a, nil
		}, asap.Limit(1)).Then("text", join[int])
	}, asap.Settled())},
	{rule: "R33 race", in: 1, want: "5", flow: flow.Define("asaptest.race", func(g *group, in number) words {
		won := g.Race("mirror", always(0, errDown), always(5, nil), always(5, nil))
		return won.Then("text", text)
	})},
	{rule: "R33 race that all lose", in: 1, task: "mirror",
		fails: "mirror: mirror[0]: down; mirror[1]: gone",
		flow: flow.Define("asaptest.lost", func(g *group, in number) words {
			return g.Race("mirror", always(0, errDown), always(0, errors.New("gone"))).Then("text", text)
		})},
	{rule: "R11 fail fast", in: 3, fails: "user: no 3", task: "user", skips: "profile page", flow: flow.Define("asaptest.fail", func(g *group, in number) words {
		return in.Then("user", broken).Then("profile", plus(1)).Then("page", text)
	})},
	{rule: "R12 settled", in: 3, task: "a", skips: "e", want: "4", fails: "a: no 3", flow: flow.Define("asaptest.settled", func(g *group, in number) words {
		a, b := in.Then("a", broken), in.Then("b", plus(1))
		a.And(b).Then("e", sum)
		return b.Then("d", text)
	}, asap.Settled())},
	{rule: "R14 optional", in: 3, want: "without ads -1", flow: flow.Define("asaptest.optional", func(g *group, in number) words {
		return in.Optional("ads", broken).Then("text", or)
	})},
	{rule: "R14 optional that is there", in: 3, want: "4", flow: flow.Define("asaptest.optional1", func(g *group, in number) words {
		return in.Optional("ads", plus(1)).Then("text", or)
	})},
	{rule: "R14 optional after a failure", in: 3, fails: "user: no 3", task: "user", skips: "ads text", flow: flow.Define("asaptest.optional2", func(g *group, in number) words {
		return in.Then("user", broken).Optional("ads", plus(1)).Then("text", or)
	})},
	{rule: "R14 optional that panics", away: true, in: 3, fails: "ads: panic: no ads", skips: "text", flow: flow.Define("asaptest.optional3", func(g *group, in number) words {
		return in.Optional("ads", func(context.Context, int) (int, error) { panic("no ads") }).Then("text", or)
	})},
	{rule: "R29 panic", away: true, in: 3, fails: "user: panic: no user", skips: "text", flow: flow.Define("asaptest.panic", func(g *group, in number) words {
		return in.Then("user", func(context.Context, int) (int, error) { panic("no user") }).Then("text", text)
	})},
	{rule: "R29 Goexit", away: true, in: 3, fails: "user: body called runtime.Goexit", task: "user", skips: "text", flow: flow.Define("asaptest.goexit", func(g *group, in number) words {
		return in.Then("user", func(context.Context, int) (int, error) { runtime.Goexit(); return 0, nil }).Then("text", text)
	})},
	{rule: "R17 exit", in: 3, want: "from the cache", skips: "page", flow: flow.Define("asaptest.exit", func(g *group, in number) words {
		hit := g.NewExit[string]()
		cache := in.Do("cache", func(context.Context, int) error { return hit.With("from the cache") })
		return in.And(cache).Then("page", func(context.Context, int, struct{}) (string, error) { return "made", nil })
	})},
	{rule: "R17 exit with another type", in: 3, fails: "asap: group exited early", skips: "page", flow: flow.Define("asaptest.exit1", func(g *group, in number) words {
		hit := g.NewExit[int]()
		cache := in.Do("cache", func(context.Context, int) error { return fmt.Errorf("cached: %w", hit.With(1)) })
		return in.And(cache).Then("page", func(context.Context, int, struct{}) (string, error) { return "made", nil })
	})},
	{rule: "R21 limit", queues: true, in: 9, want: "9 10 11 12 13 14 15 16 17", flow: flow.Define("asaptest.limit", func(g *group, in number) words {
		var all []*asap.Task[int]
		for i := range 9 {
			all = append(all, in.Then("shard", plus(i)))
		}
		return g.Gather("all", all...).Then("text", join[int])
	}, asap.Limit(2))},
	{rule: "R32 names", in: 1, want: "2 3 4 5 6", flow: flow.Define("asaptest.names", func(g *group, in number) words {
		g.Input("price", 0)
		a := in.Then("price", plus(1))
		b := in.Then("price", plus(2))
		c := in.Then("input", plus(3))
		d := g.Map("price", g.Gather("price", a, b, c), plus(0))
		last := in.Then("price", plus(4))
		return d.And(last).And(in.Then("price#2", plus(5))).Then("price", func(ctx context.Context, l []int, e, f int) (string, error) {
			return join(ctx, append(l, e, f))
		})
	})},
	{rule: "R27 await in a body", in: 1, task: "page", flow: flow.Define("asaptest.await", func(g *group, in number) words {
		user := in.Then("user", plus(1))
		return in.Then("page", func(ctx context.Context, _ int) (string, error) {
			u, err := user.Await(ctx) //asapvet:ignore defineawait the rule is that this fails
			return strconv.Itoa(u), err
		})
	}), fails: "…declare"},
	{rule: "flow inside a flow", in: 1, want: "2 and more", flow: flow.Define("asaptest.outer", func(g *group, in number) words {
		return in.Then("inner", func(ctx context.Context, n int) (string, error) { return inner.Run(ctx, n) }).Then("more", func(_ context.Context, s string) (string, error) { return s + " and more", nil })
	})},
}, append(optionCases, undoCases...)...)

var inner = flow.Define("asaptest.inner", func(g *group, in number) words {
	return in.Then("one", plus(1)).Then("text", text)
})

func upTo(_ context.Context, n int) ([]int, error) {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list, nil
}

func always(v int, err error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { return v, err }
}
