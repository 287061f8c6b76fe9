package asaptest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// brief is a limit of time that bodies which wait for the end of their context run
// into, and long one that nothing here runs into.
const (
	brief = 20 * time.Millisecond
	long  = 30 * time.Second
)

// untilEnd is a body that gives up when its context ends.
func untilEnd(ctx context.Context, _ int) (int, error) {
	<-ctx.Done()
	return 99, ctx.Err()
}

func gone(context.Context) error { return errors.New("gone") }

// retry is an Around that calls the body up to n times.
func retry(n int) func(context.Context, string, func(context.Context) error) error {
	return func(ctx context.Context, _ string, body func(context.Context) error) (err error) {
		for range n {
			if err = body(ctx); err == nil {
				return nil
			}
		}
		return err
	}
}

// shaky is a body that succeeds in every n-th call, wherever those before were.
func shaky(n int64) func(context.Context, int) (int, error) {
	var calls atomic.Int64
	return func(_ context.Context, a int) (int, error) {
		if k := calls.Add(1); k%n != 0 {
			return 0, fmt.Errorf("no %d", k)
		}
		return a + 1, nil
	}
}

type nameKey struct{}

// named is an Around that lets the body know by what names it was called.
func named(ctx context.Context, task string, body func(context.Context) error) error {
	if outer, ok := ctx.Value(nameKey{}).(string); ok {
		task = outer + ">" + task
	}
	return body(context.WithValue(ctx, nameKey{}, task))
}

func nameOf(ctx context.Context, _ int) (string, error) {
	name, _ := ctx.Value(nameKey{}).(string)
	return name, nil
}

func instead(_ context.Context, r asap.Result[int]) (string, error) {
	if r.Err == nil {
		return strconv.Itoa(r.Value), nil
	}
	_, text, _ := strings.Cut(r.Err.Error(), "ads: ")
	return fmt.Sprint(text, " ", errors.Is(r.Err, context.DeadlineExceeded)), nil
}

// late is instead for a Within: an engine may not know whether the body has begun.
func late(ctx context.Context, r asap.Result[int]) (string, error) {
	text, err := instead(ctx, r)
	return strings.Replace(text, ": context deadline exceeded", "", 1), err
}

// optionCases are what options of tasks say.
var optionCases = []flowCase{
	{rule: "R37 needs", in: 1, want: "2 [2 3] map[a:1] 5 done", flow: flow.Define("asaptest.needs", func(g *group, in number) words {
		a, five := in.Then("a", plus(1)), g.Input("five", 5)
		list := in.Then("list", func(context.Context, int) ([]int, error) { return []int{2, 3}, nil })
		byName := g.Go("map", func(context.Context) (map[string]int, error) { return map[string]int{"a": 1}, nil })
		done := in.Do("save", ignore)
		return g.Go("text", func(ctx context.Context) (string, error) {
			done.Get(ctx)
			return fmt.Sprint(a.Get(ctx), " ", list.Get(ctx), " ", byName.Get(ctx), " ", five.Get(ctx), " done"), nil
		}, asap.Needs(a, list, byName), asap.Needs(five, done, a))
	})},
	{rule: "R37 needs beside arguments", in: 1, want: "1 3 2 2", flow: flow.Define("asaptest.needs1", func(g *group, in number) words {
		a, b := in.Then("a", plus(1)), in.Then("b", plus(2))
		return in.And(b).Then("text", func(ctx context.Context, i, b2 int) (string, error) {
			return fmt.Sprint(in.Get(ctx), b.Get(ctx), a.Get(ctx), b2-i), nil
		}, asap.Needs(b, a))
	})},
	{rule: "R37 needs of elements", queues: true, in: 3, want: "10 11 12", flow: flow.Define("asaptest.needsmap", func(g *group, in number) words {
		ten := in.Then("ten", func(context.Context, int) (int, error) { return 10, nil })
		return g.Map("likes", in.Then("list", upTo), func(ctx context.Context, n int) (int, error) {
			return n + ten.Get(ctx), nil
		}, asap.Needs(ten), asap.Limit(2)).Then("text", join[int])
	})},
	{rule: "R37 needs in a nested group", in: 1, want: "2", flow: flow.Define("asaptest.needsnested", func(g *group, in number) words {
		a := in.Then("a", plus(1))
		return g.Go("text", func(ctx context.Context) (string, error) {
			return asap.Run(ctx, func(g *asap.Group) func() string {
				return g.Go("inner", func(ctx context.Context) (string, error) { return strconv.Itoa(a.Get(ctx)), nil }).Value
			})
		}, asap.Needs(a))
	})},
	{rule: "R37 get of what is not needed", away: true, in: 1, skips: "", fails: "…Needs(a)", flow: flow.Define("asaptest.needsnot", func(g *group, in number) words {
		a := in.Then("a", plus(1))
		//asapvet:ignore early the rule is that this panics
		return g.Go("text", func(ctx context.Context) (string, error) { return strconv.Itoa(a.Get(ctx)), nil }, asap.After(a))
	})},
	{rule: "R37 needs of a failure", in: 3, fails: "…no 3", task: "user", skips: "page", flow: flow.Define("asaptest.needsfail", func(g *group, in number) words {
		user := in.Then("user", broken)
		return g.Go("page", func(context.Context) (string, error) { return "made", nil }, asap.Needs(user))
	})},
	{rule: "R37 after", in: 1, want: "served", flow: flow.Define("asaptest.after", func(g *group, in number) words {
		migrated := in.Do("migrate", ignore)
		return g.Go("serve", func(context.Context) (string, error) { return "served", nil }, asap.After(migrated, in))
	})},
	{rule: "R37 after the end", in: 3, task: "user", fails: "…no 3", want: "seen", flow: flow.Define("asaptest.afterend", func(g *group, in number) words {
		user := in.Then("user", broken)
		return g.Go("audit", func(context.Context) (string, error) { return "seen", nil }, asap.AfterEnd(user, in))
	}, asap.Settled())},
	{rule: "R37 may fail", in: 1, skips: "bill", want: "made", flow: flow.Define("asaptest.mayfail", func(g *group, in number) words {
		mail := g.Do("mail", gone, asap.After(in), asap.MayFail())
		g.Do("bill", gone, asap.After(mail))
		return g.Go("page", func(context.Context) (string, error) { return "made", nil }, asap.AfterEnd(mail))
	})},
	{rule: "R37 when", clock: true, in: 3, want: "0 nothing 4", flow: flow.Define("asaptest.when", func(g *group, in number) words {
		out := in.Then("coupons", broken, asap.When(false), asap.When(true))
		//asapvet:ignore options the rule is that nothing of this runs
		ads := in.Optional("ads", broken, asap.When(false), asap.Within(long), asap.Around(retry(2)))
		b := in.Then("b", plus(1), asap.When(true))
		return g.Go("text", func(ctx context.Context) (string, error) {
			r := ads.Get(ctx)
			if r.Err != nil || r.Value != 0 {
				return "", fmt.Errorf("what was left out is %v", r)
			}
			return fmt.Sprint(out.Get(ctx), " nothing ", b.Get(ctx)), nil
		}, asap.Needs(out, ads, b))
	})},
	{rule: "R37 when after a failure", in: 3, fails: "…no 3", task: "user", skips: "coupons text", flow: flow.Define("asaptest.whenfail", func(g *group, in number) words {
		return in.Then("user", broken).Then("coupons", plus(1), asap.When(false)).Then("text", text)
	})},
	{rule: "R33 optional map", queues: true, in: 3, want: "0 without 1 2", flow: flow.Define("asaptest.mapoptional", func(g *group, in number) words {
		return g.MapOptional("likes", in.Then("list", upTo), func(_ context.Context, n int) (int, error) {
			if n == 1 {
				return 99, errors.New("down")
			}
			return n, nil
		}, asap.Limit(2)).Then("text", func(_ context.Context, list []asap.Result[int]) (string, error) {
			var all []string
			for i, r := range list {
				if r.Err != nil {
					all = append(all, "without "+strconv.Itoa(i+r.Value))
				} else {
					all = append(all, strconv.Itoa(r.Value))
				}
			}
			return strings.Join(all, " "), nil
		})
	})},
	{rule: "R33 race with inputs", in: 4, want: "5 9", flow: flow.Define("asaptest.raceinputs", func(g *group, in number) words {
		a := in.Race("mirror", broken, plus(1))
		b := in.And(a).Race("both", func(context.Context, int, int) (int, error) { return 0, errDown }, sum)
		return a.And(b).Then("text", func(_ context.Context, a, b int) (string, error) { return fmt.Sprint(a, b), nil })
	})},
	{rule: "R38 around", in: 1, want: "2", flow: flow.Define("asaptest.around", func(g *group, in number) words {
		return in.Then("shaky", shaky(3), asap.Around(retry(3))).Then("text", text)
	})},
	{rule: "R38 around that gives up", in: 3, fails: "…no 3", task: "user", skips: "text", flow: flow.Define("asaptest.aroundfail", func(g *group, in number) words {
		return in.Then("user", broken, asap.Around(retry(2))).Then("text", text)
	})},
	{rule: "R38 around without a call", in: 3, fails: "…Around returned nil before a call of the body had succeeded", task: "user", skips: "text", flow: flow.Define("asaptest.aroundnone", func(g *group, in number) words {
		return in.Then("user", plus(1), asap.Around(func(context.Context, string, func(context.Context) error) error { return nil })).Then("text", text)
	})},
	{rule: "R38 around with an error beside a value", in: 3, fails: "…too late", task: "user", skips: "text", flow: flow.Define("asaptest.aroundlate", func(g *group, in number) words {
		return in.Then("user", plus(1), asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
			_ = body(ctx)
			return errors.New("too late")
		})).Then("text", text)
	})},
	{rule: "R38 around twice at once", in: 3, want: "4", flow: flow.Define("asaptest.aroundhedge", func(g *group, in number) words {
		return in.Then("user", plus(1), asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
			other := make(chan error)
			go func() { other <- body(ctx) }() // ends before the Around
			return errors.Join(body(ctx), <-other)
		})).Then("text", text)
	})},
	{rule: "R38 names of around", queues: true, in: 2, want: "[page>page other>other>other other>other>other] [likes[0]>likes[0] likes[1]>likes[1]] mirror[0]", flow: flow.Define("asaptest.aroundnames", func(g *group, in number) words {
		pages := g.Gather("pages", in.Then("page", nameOf, asap.Around(named)), in.Then("other", nameOf, asap.Around(named), asap.Around(named)), in.Then("other", nameOf, asap.Around(named), asap.Around(named)))
		likes := g.Map("likes", in.Then("list", upTo), nameOf, asap.Around(named), asap.Limit(1))
		return pages.And(likes).And(in.Race("mirror", nameOf)).Then("text", func(_ context.Context, pages, likes []string, mirror string) (string, error) {
			return fmt.Sprint(pages, " ", likes, " ", mirror), nil
		})
	}, asap.Around(named))},
	{rule: "R38 exit in a call", in: 3, want: "once", skips: "text", flow: flow.Define("asaptest.aroundexit", func(g *group, in number) words {
		hit := g.NewExit[string]()
		return in.Then("cache", func(context.Context, int) (int, error) { return 0, hit.With("once") }, asap.Around(retry(3))).Then("text", text)
	})},
	{rule: "R38 panic in a call", away: true, in: 3, fails: "…panic: no user", skips: "text", flow: flow.Define("asaptest.aroundpanic", func(g *group, in number) words {
		return in.Then("user", func(context.Context, int) (int, error) { panic("no user") }, asap.Around(retry(3))).Then("text", text)
	})},
	{rule: "R39 timeout", in: 3, fails: "…timeout 20ms: context deadline exceeded", task: "price", skips: "text", flow: flow.Define("asaptest.timeout", func(g *group, in number) words {
		return in.Then("price", untilEnd, asap.Timeout(brief)).Then("text", text)
	})},
	{rule: "R39 timeout that is not needed", in: 3, want: "4", flow: flow.Define("asaptest.timeout1", func(g *group, in number) words {
		//asapvet:ignore options the rule is that the last counts
		return in.Then("price", plus(1), asap.Timeout(long), asap.Timeout(long)).Then("text", text)
	})},
	{rule: "R39 timeout over all calls", in: 3, want: "timeout 20ms: context deadline exceeded true", flow: flow.Define("asaptest.timeoutaround", func(g *group, in number) words {
		return in.Optional("ads", untilEnd, asap.Timeout(brief), asap.Around(retry(3))).Then("text", instead)
	})},
	{rule: "R39 body that succeeds after its timeout", in: 3, want: "3", flow: flow.Define("asaptest.timeoutlate", func(g *group, in number) words {
		return in.Optional("ads", func(ctx context.Context, a int) (int, error) { <-ctx.Done(); return a, nil }, asap.Timeout(brief)).Then("text", instead)
	})},
	{rule: "R39 cause of a timeout", in: 3, want: "timeout 20ms: of the timeout 20ms true", flow: flow.Define("asaptest.timeoutcause", func(g *group, in number) words {
		return in.Optional("ads", func(ctx context.Context, _ int) (int, error) {
			<-ctx.Done()
			return 0, fmt.Errorf("of the %w", context.Cause(ctx))
		}, asap.Timeout(brief)).Then("text", instead)
	})},
	{rule: "R39 within", clock: true, in: 3, want: "within 20ms true", flow: flow.Define("asaptest.within", func(g *group, in number) words {
		return in.Optional("ads", untilEnd, asap.Within(brief)).Then("text", late)
	})},
	{rule: "R39 within that is not needed", clock: true, in: 3, want: "4", flow: flow.Define("asaptest.within1", func(g *group, in number) words {
		return in.Optional("ads", plus(1), asap.Within(long)).Then("text", instead)
	})},
	{rule: "R39 within before the body begins", clock: true, in: 3, want: "within 20ms true", flow: flow.Define("asaptest.withinwaits", func(g *group, in number) words {
		slow := in.Then("slow", func(_ context.Context, a int) (int, error) { time.Sleep(10 * brief); return a, nil })
		return slow.Optional("ads", plus(1), asap.Within(brief)).Then("text", instead)
	})},
	{rule: "R39 within fails the flow", clock: true, in: 3, fails: "…within 20ms", task: "price", skips: "text", flow: flow.Define("asaptest.withinfails", func(g *group, in number) words {
		slow := in.Then("slow", func(_ context.Context, a int) (int, error) { time.Sleep(10 * brief); return a, nil })
		return slow.Then("price", plus(1), asap.Within(brief)).Then("text", text)
	})},
	{rule: "R39 within at a limit", clock: true, queues: true, in: 3, want: "within 20ms true", flow: flow.Define("asaptest.withinqueue", func(g *group, in number) words {
		slow := in.Then("slow", func(_ context.Context, a int) (int, error) { time.Sleep(10 * brief); return a, nil })
		ads := in.Optional("ads", plus(1), asap.Within(brief))
		return g.Gather("all", ads).Then("text", func(ctx context.Context, r []asap.Result[int]) (string, error) { return instead(ctx, r[0]) }, asap.After(slow))
	}, asap.Limit(1))},
	{rule: "R39 all of it", clock: true, in: 3, want: "page of 6 2 [within 20ms true] and the mail is late", flow: flow.Define("asaptest.options", func(g *group, in number) words {
		user := in.Then("user", shaky(2), asap.Around(retry(2)), asap.Timeout(long))
		charge := user.Then("charge", plus(2))
		ads := user.Optional("ads", untilEnd, asap.Within(brief), asap.After(charge))
		shown := ads.Then("shown", late)
		mail := charge.Do("mail", func(ctx context.Context, _ int) error { _, err := untilEnd(ctx, 0); return err }, asap.Timeout(brief), asap.MayFail())
		coupons := g.Go("coupons", func(context.Context) (int, error) { return 0, errDown }, asap.When(false), asap.Needs(user))
		return g.Go("page", func(ctx context.Context) (string, error) {
			return fmt.Sprintf("page of %d %d [%s] and the mail is late", charge.Get(ctx), coupons.Get(ctx)+2, shown.Get(ctx)), nil
		}, asap.Needs(charge, coupons, shown), asap.AfterEnd(mail))
	})},
}
