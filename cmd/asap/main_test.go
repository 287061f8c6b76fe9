package main_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asap-go/asap/waterfall"
)

var update = flag.Bool("update", false, "write the golden files")

// command is the built asap.
var command string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "asap")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		command = filepath.Join(dir, "asap.exe")
		if out, err := exec.Command("go", "build", "-o", command, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// asap runs the command.
func asap(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(command, args...)
	cmd.Env = append(os.Environ(), "COLUMNS=80")
	cmd.Stdin = strings.NewReader(stdin)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if e := cmd.Run(); e != nil {
		exit, ok := errors.AsType[*exec.ExitError](e)
		if !ok {
			t.Fatal(e)
		}
		code = exit.ExitCode()
	}
	return out.String(), err.String(), code
}

// file is a recorded run: better-all's example, or a nested group.
func file(name string) string {
	return filepath.Join("..", "..", "waterfall", "testdata", name+".json")
}

func content(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := content(t, file); got != want {
		t.Errorf("%s differs (run with -update and look at the diff)\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

func TestGolden(t *testing.T) {
	slower := faster(t)
	tests := []struct {
		name string
		args []string
	}{
		{"help", []string{"help"}},
		{"help-whatif", []string{"help", "whatif"}},
		{"help-critical", []string{"help", "critical"}},
		{"help-diff", []string{"help", "diff"}},
		{"show", []string{"show", file("readme")}},
		{"show-mermaid", []string{"show", "-format", "mermaid", file("readme")}},
		{"whatif", []string{"whatif", file("readme"), "user=-50%", "config=0", "limit=1"}},
		{"whatif-time", []string{"whatif", file("readme"), "posts=20ms"}},
		{"whatif-slower", []string{"whatif", file("readme"), "user=+100%"}},
		{"whatif-text", []string{"whatif", file("readme"), "posts=-50%", "-format", "text"}},
		{"whatif-ranking", []string{"whatif", file("nested")}},
		{"diff", []string{"diff", file("readme"), slower}},
		{"diff-same", []string{"diff", file("readme"), file("readme")}},
		{"critical", []string{"critical", file("readme"), slower, file("nested")}},
		{"critical-top", []string{"critical", "-n", "2", file("readme")}},
	}
	for _, tt := range tests {
		out, stderr, code := asap(t, "", tt.args...)
		if code != 0 || stderr != "" {
			t.Errorf("asap %v: exit code %d, %q, want 0 and no error", tt.args, code, stderr)
		}
		golden(t, tt.name+".txt", out)
	}
}

// faster makes a second run: user twice as slow, posts faster.
func faster(t *testing.T) string {
	t.Helper()
	out, stderr, code := asap(t, "", "whatif", file("readme"), "user=+100%", "posts=-10%", "-format", "json")
	if code != 0 {
		t.Fatalf("asap whatif -format json: exit code %d, %s", code, stderr)
	}
	name := filepath.Join(t.TempDir(), "slower.json")
	if err := os.WriteFile(name, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Without a file, and with -, standard input is read.
func TestStandardInput(t *testing.T) {
	in := content(t, file("readme"))
	for _, args := range [][]string{{"show"}, {"show", "-"}, {"whatif", "user=-50%"}, {"whatif", "-", "user=-50%"}, {"whatif"}, {"critical"}, {"critical", "-"}, {"diff", "-", file("readme")}} {
		out, stderr, code := asap(t, in, args...)
		if code != 0 || stderr != "" || out == "" {
			t.Errorf("asap %v < run.json: exit code %d, %q, %q", args, code, stderr, out)
		}
	}
}

func TestErrors(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	text := strings.Replace(content(t, file("readme")), `"state":"blocked"`, `"state":"asleep"`, 1)
	if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	live := strings.Replace(content(t, file("readme")), `"ended":true`, `"ended":false`, 1)
	tests := []struct {
		name  string
		stdin string
		args  []string
		code  int
		want  string
	}{
		{"nothing", "", nil, 2, "asap shows where the time"},
		{"unknown command", "", []string{"shew"}, 2, `asap: unknown command "shew"; there are demo, show, whatif, diff and critical`},
		{"unknown flag", "", []string{"show", "-fromat", "svg"}, 2, "flag provided but not defined: -fromat\nusage: asap show"},
		{"unknown format", "", []string{"show", "-format", "pdf"}, 2, `format "pdf" is unknown; there are text, svg, html, json, perfetto, mermaid, dot and pprof`},
		{"no file", "", []string{"show", "nowhere.json"}, 1, "asap show: nowhere.json: no such file or directory"},
		{"two files", "", []string{"show", "a", "b"}, 2, "2 files; one is shown at a time"},
		{"a directory", "", []string{"show", "."}, 1, "asap show: .: is a directory"},
		{"file, line and column", "", []string{"show", bad}, 1, "bad.json:13:"},
		{"and what is wrong", "", []string{"show", bad}, 1, `state "asleep" is unknown`},
		{"line of standard input", "{\n\"asap\": 7}", []string{"show"}, 1, "asap show: standard input:2:"},
		{"a sample", content(t, kept("product-many")), []string{"show"}, 1, "asap show: standard input: this is a sample of runs, which asap whatif reads\n"},
		{"a sample among runs", "", []string{"critical", kept("checkout"), kept("product-many")}, 1, "product-many.json: this is a sample of runs, which asap whatif reads\n"},
		{"a newer version", `{"asap":"run","version":99,"also":1}`, []string{"show"}, 1, "standard input:1:15: version 99 of the format"},
		{"something else", `{"also":1}`, []string{"show"}, 1, `standard input:1:1: this is not a recorded run: "asap" is not "run"`},
		{"an array", "[]", []string{"show"}, 1, "standard input:1:1: want an object, not an array"},
		{"a string for a number", strings.Replace(content(t, file("readme")), `"makespan":360000000`, `"makespan":"360ms"`, 1), []string{"show"}, 1, "/makespan: want a whole number, not a string"},
		{"a fraction", strings.Replace(content(t, file("readme")), `"makespan":360000000`, `"makespan":0.36`, 1), []string{"show"}, 1, "/makespan: want a whole number, not 0.36"},
		{"a negative ID", strings.Replace(content(t, file("readme")), `"id":1`, `"id":-1`, 1), []string{"show"}, 1, "/groups/0/id: want a positive whole number, not -1"},
		{"escapes of a terminal", strings.ReplaceAll(content(t, file("readme")), "config", `\u001b[31m`), []string{"whatif", "nobody=0"}, 1, `there are \x1b[31m, user`},
		{"empty input", "", []string{"show"}, 1, "standard input is empty"},
		{"no such task", "", []string{"whatif", file("readme"), "nobody=-50%"}, 1, `no task "nobody"; there are config, user, posts, profile and analytics`},
		{"no such task with a time", "", []string{"whatif", file("readme"), "nobody=5ms"}, 1, `no task "nobody"`},
		{"no percentage", "", []string{"whatif", file("readme"), "user=-abc%"}, 2, `user=-abc%: "-abc%" is no percentage`},
		{"too fast", "", []string{"whatif", file("readme"), "user=-150%"}, 2, "is no percentage from -100% on"},
		{"no change", "", []string{"whatif", file("readme"), "user"}, 2, `"user" is no change; one looks like user=-50%`},
		{"no value", "", []string{"whatif", file("readme"), "user=fast"}, 2, "user=fast: want a percentage like -50%, a time like 80ms, or 0"},
		{"no limit", "", []string{"whatif", file("readme"), "limit=-1"}, 2, "limit=-1: the limit is a number, and 0 means none"},
		{"not ended", live, []string{"whatif", "user=-50%"}, 1, "what if: the run has not ended"},
		{"not ended", live, []string{"critical"}, 1, "the run has not ended"},
		{"a negative width", "", []string{"show", "-width", "-5", file("readme")}, 2, "-width -5: want a number of columns"},
		{"a password", "", []string{"critical", "http://me:secret@127.0.0.1:1/"}, 1, "asap critical: http://me:xxxxx@127.0.0.1:1/: "},
		{"one file", "", []string{"diff", file("readme")}, 2, "1 files; a difference needs two"},
		{"standard input twice", "", []string{"diff", "-", "-"}, 2, "standard input can be read once"},
		{"no such graph", "", []string{"demo", "nothing"}, 2, `no graph "nothing"; there are dashboard, analytics, complex-data, aggregated, failure`},
		{"demo of many graphs as JSON", "", []string{"demo", "-format", "json"}, 2, "-format json of 5 graphs; name one"},
	}
	for _, tt := range tests {
		out, stderr, code := asap(t, tt.stdin, tt.args...)
		if code != tt.code || !strings.Contains(stderr, tt.want) || out != "" {
			t.Errorf("%s: asap %v: exit code %d, %q, output %q, want %d and an error with %q", tt.name, tt.args, code, stderr, out, tt.code, tt.want)
		}
	}
}

// demo runs for real, and what it writes can be read.
func TestDemo(t *testing.T) {
	out, stderr, code := asap(t, "", "demo", "analytics", "-format", "json")
	if code != 0 {
		t.Fatalf("asap demo: exit code %d, %s", code, stderr)
	}
	run, err := waterfall.ReadJSON(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	var path []string
	for _, s := range run.CriticalPath() {
		if s.State == waterfall.Running && s.Len() > run.Makespan/50 {
			path = append(path, s.Name)
		}
	}
	if got := strings.Join(path, " "); got != "auth userData posts analytics" {
		t.Errorf("critical path %s, want auth userData posts analytics", got)
	}
	all, _, code := asap(t, "", "demo")
	for _, want := range []string{"dashboard: succeeded", "analytics: succeeded", "complex-data: succeeded", "aggregated: succeeded", "failure: failed", "user failed at"} {
		if !strings.Contains(all, want) || code != 0 {
			t.Errorf("asap demo: exit code %d, want 0 and %q in\n%s", code, want, all)
		}
	}
}

func TestEveryFormat(t *testing.T) {
	for _, f := range waterfall.Formats() {
		out, stderr, code := asap(t, "", "show", "-format", string(f), file("nested"))
		if code != 0 || out == "" {
			t.Errorf("asap show -format %s: exit code %d, %s", f, code, stderr)
		}
	}
}

// A time is meant for each of the tasks, whatever they took.
func TestTimeOfSeveral(t *testing.T) {
	in := content(t, file("map")) // likes[0] 10 ms, likes[1] 15 ms, then likes[2] 25 ms, after 10 ms
	for change, want := range map[string]string{
		"likes[]=5ms": "20ms instead of 45ms", "likes[2]=5ms": "25ms instead of 45ms", "likes[]=20ms": "50ms instead of 45ms",
	} {
		out, stderr, code := asap(t, in, "whatif", change)
		if code != 0 || !strings.HasPrefix(out, want) {
			t.Errorf("asap whatif %s: exit code %d, %q, %q; want %s", change, code, stderr, out, want)
		}
	}
	in = strings.ReplaceAll(content(t, file("nested")), `"name":"user"`, `"name":"stock"`)
	if _, stderr, code := asap(t, in, "whatif", "stock=5ms"); code != 1 || !strings.Contains(stderr, "stock=5ms: tasks of that name took different times; want a percentage") {
		t.Errorf("asap whatif of two tasks: exit code %d, %q; want 1 and that they took different times", code, stderr)
	}
	if out, stderr, code := asap(t, in, "whatif", "checkout/stock=5ms"); code != 0 || !strings.HasPrefix(out, "95ms instead of 120ms") {
		t.Errorf("asap whatif checkout/stock=5ms: exit code %d, %q, %q; want 95ms", code, stderr, out)
	}
}

// What is empty is called so, and not the end of something.
func TestEmptyInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "e.json")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"show"}, {"show", "-"}, {"critical", file}, {"diff", file, file}, {"whatif", file, "a=0"}} {
		if out, stderr, code := asap(t, "", args...); code != 1 || out != "" || !strings.HasSuffix(stderr, " is empty\n") {
			t.Errorf("asap %v: exit code %d, %q, output %q, want 1 and that it is empty", args, code, stderr, out)
		}
	}
}

// Names are cut, and tables have an end, in all that the commands say.
func TestLongNames(t *testing.T) {
	long := strings.Repeat("long", 500)
	text := strings.NewReplacer(`"name":"readme"`, `"name":"`+long+`"`, `"name":"user"`, `"name":"user`+long+`"`).Replace(content(t, file("readme")))
	name := filepath.Join(t.TempDir(), "long.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"show", name}, {"whatif", name}, {"critical", name}, {"diff", name, file("readme")}, {"whatif", name, "nobody=0"}} {
		out, stderr, _ := asap(t, "", args...)
		for line := range strings.Lines(out + stderr) {
			if n := len([]rune(line)); n > 300 {
				t.Errorf("asap %v: a line of %d characters: %.100s", args, n, line)
			}
		}
	}
	if out, _, _ := asap(t, "", "diff", "-n", "2", name, kept("checkout")); strings.Count(out, "\n") != 5 || !strings.HasSuffix(out, " more\n") {
		t.Errorf("asap diff -n 2: %s", out)
	}
}
