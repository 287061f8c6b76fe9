package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// graph is an example that demo runs for real: its bodies sleep.
type graph struct {
	name, what string
	build      func(*asap.Group)
}

// part is a body that works, or waits for the network, for so many milliseconds.
func part(ms int) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		select {
		case <-time.After(time.Duration(ms) * time.Millisecond):
			return "data", nil
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

func after(ms int) func(context.Context, string) (string, error) {
	return func(ctx context.Context, _ string) (string, error) { return part(ms)(ctx) }
}

func after2(ms int) func(context.Context, string, string) (string, error) {
	return func(ctx context.Context, _, _ string) (string, error) { return part(ms)(ctx) }
}

var graphs = []graph{
	{"dashboard", "profile needs user, and does not wait for config", func(g *asap.Group) {
		user := g.Go("user", part(100))
		g.Go("config", part(220))
		user.Then("profile", after(160))
	}},
	{"analytics", "six tasks; analytics finds its dependencies in its body", func(g *asap.Group) {
		auth := g.Go("auth", part(100))
		g.Go("settings", part(80))
		userData := auth.Then("userData", after(100))
		auth.Then("permissions", after(150))
		posts := userData.Then("posts", after(300))
		g.Do("analytics", func(ctx context.Context) error {
			if _, err := userData.Await(ctx); err != nil {
				return err
			}
			if _, err := posts.Await(ctx); err != nil {
				return err
			}
			_, err := part(300)(ctx)
			return err
		})
	}},
	{"complex-data", "two chains that meet in dashboard", func(g *asap.Group) {
		config := g.Go("config", part(60))
		permissions := g.Go("permissions", part(90))
		settings := config.Then("settings", after(110))
		permissions.Then("allowedActions", after(20))
		settings.And(permissions).Then("dashboard", after2(70))
	}},
	{"aggregated", "comments and likes at the same time, after posts", func(g *asap.Group) {
		user := g.Go("user", part(60))
		posts := user.Then("posts", after(140))
		posts.Then("comments", after(120))
		posts.Then("likes", after(90))
	}},
	{"failure", "what a failure leaves", func(g *asap.Group) {
		user := g.Go("user", func(ctx context.Context) (string, error) {
			part(80)(ctx)
			return "", fmt.Errorf("not found")
		})
		g.Go("config", part(200))
		user.Then("profile", after(100))
	}},
}

var demoCommand = &command{
	name: "demo", args: "[-format F] [graph ...]",
	short: "run example graphs and show them",
	long: "Runs example graphs with the library, for real, and draws what happened.\nThe graphs are\n" + graphList() +
		"\nWith -format json a run can be kept: asap demo -format json analytics > run.json",
	setup: func(fs *flag.FlagSet) func(*env, []string) error {
		format := fs.String("format", "text", "how to draw them: text, svg, html, json, perfetto, mermaid, dot, pprof")
		width := fs.Int("width", 0, "columns of the text, without color")
		return func(e *env, args []string) error {
			chosen, err := choose(args)
			if err != nil {
				return err
			}
			if err := known(*format); err != nil {
				return err
			}
			if *format != "text" && len(chosen) != 1 {
				return usage("-format %s of %d graphs; name one", *format, len(chosen))
			}
			for i, g := range chosen {
				if i > 0 {
					fmt.Fprintln(e.out)
				}
				var rec waterfall.Recorder
				group := asap.New(context.Background(), asap.Name(g.name), asap.Observe(&rec))
				g.build(group)
				_ = group.Wait() // the picture says what failed
				if err := e.picture(e.out, rec.Run(), *format, *width); err != nil {
					return err
				}
			}
			return nil
		}
	},
}

func choose(names []string) ([]graph, error) {
	if len(names) == 0 {
		return graphs, nil
	}
	var out []graph
	for _, n := range names {
		found := false
		for _, g := range graphs {
			if g.name == n {
				out = append(out, g)
				found = true
			}
		}
		if !found {
			var names []string
			for _, g := range graphs {
				names = append(names, g.name)
			}
			return nil, usage("no graph %q; there are %s", n, strings.Join(names, ", "))
		}
	}
	return out, nil
}

func graphList() string {
	var b strings.Builder
	for _, g := range graphs {
		fmt.Fprintf(&b, "  %-13s %s\n", g.name, g.what)
	}
	return b.String()
}
