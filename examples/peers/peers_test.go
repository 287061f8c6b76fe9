package peers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// probes run one library in one situation and print what happened. A probe
// may end its process or never return, so each runs in one of its own: in
// virtual time, in which the runtime sees that everything waits.
var probes = map[string]func(ctx context.Context, lib string) string{
	"errors": func(ctx context.Context, lib string) string {
		run := runners[lib]
		if lib == "asap" { // all of them, which is not the default
			run = func(ctx context.Context, _ int, bodies ...body) error {
				g := asap.New(ctx, asap.Settled())
				g.Do("a", bodies[0])
				g.Do("b", bodies[1])
				return g.Wait()
			}
		}
		return describe(run(ctx, 0,
			func(context.Context) error { return errors.New("one") },
			func(context.Context) error { time.Sleep(time.Second); return errors.New("two") }))
	},
	"panic": func(ctx context.Context, lib string) (is string) {
		defer func() {
			if v := recover(); v != nil {
				is = "raised by Wait"
			}
		}()
		if err := runners[lib](ctx, 0, func(context.Context) error { panic("boom") }); err != nil {
			return "an error"
		}
		return "nothing"
	},
	"goexit": func(ctx context.Context, lib string) string {
		is := "ends the goroutine in Wait"
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := runners[lib](ctx, 0, func(context.Context) error { runtime.Goexit(); return nil }); err != nil {
				is = "an error"
			} else {
				is = "success"
			}
		}()
		<-done
		return is
	},
	"limit": func(ctx context.Context, lib string) string {
		if lib == "asap" {
			g := asap.New(ctx, asap.Limit(1))
			declared := make(chan *asap.Task[int], 1)
			g.Do("a", func(ctx context.Context) error {
				_, err := (<-declared).Await(ctx)
				return err
			})
			declared <- g.Go("b", func(context.Context) (int, error) { return 1, nil })
			if err := g.Wait(); err != nil {
				return err.Error()
			}
			return "goes on"
		}
		value := make(chan int) // whichever runs first waits for the other
		runners[lib](ctx, 1,
			func(context.Context) error { <-value; return nil },
			func(context.Context) error { value <- 1; return nil })
		return "goes on"
	},
	"start": func(ctx context.Context, lib string) string {
		for {
			failed, inOrder, is := false, true, "do not start"
			runners[lib](ctx, 1,
				func(context.Context) error { failed = true; return errors.New("one") },
				func(ctx context.Context) error {
					inOrder = failed // some start them in any order
					is = "start"
					if ctx.Err() != nil {
						is = "start, with a dead context"
					}
					return nil
				})
			if inOrder {
				return is
			}
		}
	},
	"return": func(ctx context.Context, lib string) string {
		ended := make(chan struct{})
		runners[lib](ctx, 0,
			func(context.Context) error { time.Sleep(time.Second); return errors.New("one") },
			func(context.Context) error { time.Sleep(time.Minute); close(ended); return nil })
		select {
		case <-ended:
			return "no"
		default:
			<-ended
			return "yes"
		}
	},
	"cycle": func(ctx context.Context, lib string) string {
		err := cyclers[lib](ctx)
		var path *asap.CycleError
		switch {
		case errors.As(err, &path):
			return "an error with its path"
		case err != nil:
			return "an error"
		}
		return "runs nothing, says nothing"
	},
}

// cells are what the probes print, under the first words of the row in
// README.md and with what the cell there says where that is more. Two of cff's
// are missing: the code that it generates catches panics, which the scheduler
// does not, and whether it starts a task after a failure differs from run to run.
var cells = []struct{ probe, row, lib, is, readme string }{
	{"errors", "errors", "asap", "all, with the task", ""},
	{"errors", "errors", "errgroup", "the first", ""},
	{"errors", "errors", "conc", "all", "all, joined"},
	{"errors", "errors", "cff", "the first", ""},
	{"errors", "errors", "go-workflow", "all, with the task", "all, with the step"},
	{"errors", "errors", "go-taskflow", "none", ""},

	{"panic", "a panic", "asap", "raised by Wait", "raised by Wait, with task and stack"},
	{"panic", "a panic", "errgroup", "ends the process", ""},
	{"panic", "a panic", "conc", "raised by Wait", ""},
	{"panic", "a panic", "go-workflow", "ends the process", "ends the process (an option makes it an error)"},
	{"panic", "a panic", "go-taskflow", "nothing", "logged"},

	{"goexit", "Goexit", "asap", "ends the goroutine in Wait", ""},
	{"goexit", "Goexit", "errgroup", "success", ""},
	{"goexit", "Goexit", "conc", "success", ""},
	{"goexit", "Goexit", "cff", "an error", ""},
	{"goexit", "Goexit", "go-workflow", "an error", "a failure without an error"},
	{"goexit", "Goexit", "go-taskflow", "success", ""},

	{"limit", "at limit 1", "asap", "goes on", ""},
	{"limit", "at limit 1", "errgroup", "hangs", ""},
	{"limit", "at limit 1", "conc", "hangs", ""},
	{"limit", "at limit 1", "cff", "hangs", ""},
	{"limit", "at limit 1", "go-workflow", "hangs", ""},
	{"limit", "at limit 1", "go-taskflow", "hangs", ""},

	{"start", "after a failure", "asap", "do not start", "are skipped"},
	{"start", "after a failure", "errgroup", "start, with a dead context", ""},
	{"start", "after a failure", "conc", "start, with a dead context", ""},
	{"start", "after a failure", "go-workflow", "start", "start, unless they depend on it"},
	{"start", "after a failure", "go-taskflow", "start", ""},

	{"return", "returns while", "asap", "no", ""},
	{"return", "returns while", "errgroup", "no", ""},
	{"return", "returns while", "conc", "no", ""},
	{"return", "returns while", "cff", "yes", ""},
	{"return", "returns while", "go-workflow", "no", ""},
	{"return", "returns while", "go-taskflow", "no", ""},

	{"cycle", "a cycle", "asap", "an error with its path", ""},
	{"cycle", "a cycle", "go-workflow", "an error", ""},
	{"cycle", "a cycle", "go-taskflow", "runs nothing, says nothing", ""},
}

// TestProbe is one probe, in a process that TestTable starts.
func TestProbe(t *testing.T) {
	probe, lib, ok := strings.Cut(os.Getenv("PROBE"), "/")
	if !ok {
		t.Skip("TestTable runs it")
	}
	synctest.Test(t, func(t *testing.T) {
		fmt.Printf("probed: %s\n", probes[probe](t.Context(), lib))
	})
}

func TestTable(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	table := columns(string(readme))
	for _, c := range cells {
		t.Run(c.probe+"/"+c.lib, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestProbe$")
			cmd.Env = append(os.Environ(), "PROBE="+c.probe+"/"+c.lib)
			out, err := cmd.CombinedOutput()
			is := outcome(out, err)
			if is != c.is {
				t.Errorf("%s with a probe of %s: %s, want %s\n%s", c.lib, c.probe, is, c.is, out)
			}
			want := c.readme
			if want == "" {
				want = c.is
			}
			if got := table[c.row+"/"+c.lib]; got != want {
				t.Errorf("README.md says of %s, %s: %q, want %q", c.lib, c.row, got, want)
			}
		})
	}
}

// outcome reads what a probe has printed before it ended, or was ended.
func outcome(out []byte, err error) string {
	if err != nil && bytes.Contains(out, []byte("panic: boom")) {
		return "ends the process"
	}
	if _, after, ok := bytes.Cut(out, []byte("probed: ")); ok {
		line, _, _ := bytes.Cut(after, []byte("\n"))
		return string(line)
	}
	if bytes.Contains(out, []byte("deadlock: ")) {
		return "hangs"
	}
	return "ended without a word"
}

// columns returns the cells of README.md's table of libraries, as "first words/library".
func columns(readme string) map[string]string {
	var libs []string
	table := make(map[string]string)
	for line := range strings.Lines(readme) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		row := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if slices.Contains(row, "errgroup") {
			libs = row
			continue
		}
		if len(row) != len(libs) {
			continue // of another table
		}
		for _, c := range cells {
			if strings.HasPrefix(row[0], c.row) {
				for i, lib := range libs {
					table[c.row+"/"+lib] = row[i]
				}
			}
		}
	}
	return table
}
