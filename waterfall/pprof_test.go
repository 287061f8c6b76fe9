package waterfall_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/asap-go/asap/waterfall"
)

// profileOf writes a run of docs/runs as a profile, and returns its file.
func profileOf(t *testing.T, name string) string {
	t.Helper()
	return fileOf(t, name, render(t, runOf(t, name), waterfall.PProf))
}

// runOf is a run of docs/runs.
func runOf(t *testing.T, name string) *waterfall.Run {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "docs", "runs", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	run, err := waterfall.ReadJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func fileOf(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name+".pb.gz")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

var blanks = regexp.MustCompile(`[ \t]+`)

// toolPprof runs go tool pprof and returns what it says, blanks as one.
func toolPprof(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"tool", "pprof"}, args...)...)
	cmd.Env = append(os.Environ(), "PPROF_TMPDIR="+t.TempDir(), "TZ=UTC")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go tool pprof %v: %v\n%s", args, err, out)
	}
	return blanks.ReplaceAllString(string(out), " ")
}

// What the real tool reads in a profile.
func TestPprofTool(t *testing.T) {
	if testing.Short() {
		t.Skip("go tool pprof may have to be built")
	}
	fast, slow := profileOf(t, "checkout"), profileOf(t, "checkout-slow")
	for _, tt := range []struct {
		what string
		args []string
		want []string
	}{
		{"the critical path", []string{"-top", fast}, []string{
			"File: checkout\n", "Type: critical\n", "Duration: 105ms, Total samples = 105ms ( 100%)",
			" 40ms 38.10% 38.10% 40ms 38.10% charge: running\n 25ms 23.81% 61.90% 25ms 23.81% price[]: running\n",
			" 0 0% 100% 105ms 100% checkout\n",
		}},
		{"all work", []string{"-top", "-sample_index=work", fast}, []string{"Total samples = 210ms (200.00%)", " 60ms 28.57% 28.57% 60ms 28.57% price[]: running\n"}},
		{"waits", []string{"-top", "-sample_index=blocked", fast}, []string{" 80ms 28.17% 58.10% 80ms 28.17% receipt: blocked on charge\n"}},
		{"a queue", []string{"-top", "-sample_index=queue", profileOf(t, "checkout-limit")}, []string{"quote: queued\n"}},
		{"who is around whom", []string{"-peek=^price$", fast}, []string{" 25ms 100% | checkout\n 0 0% 0% 25ms 23.81% | price\n 25ms 100% | price[]\n"}},
		{"elements of a Map", []string{"-tags", "-sample_index=work", fast}, []string{"task: Total 60ms of 210ms (28.57%)", " 25ms (11.90%): price[1]\n"}},
		{"a difference", []string{"-top", "-diff_base", fast, slow}, []string{
			"Showing nodes accounting for 38ms, 36.19% of 105ms total", " 75ms 71.43% 71.43% 75ms 71.43% quote: running\n -25ms ",
		}},
		{"what is in it", []string{"-raw", fast}, []string{
			"critical/nanoseconds[dflt] work/nanoseconds queue/nanoseconds blocked/nanoseconds\n", "Comment: asap: the run of a group, checkout: succeeded after 105 ms\n",
		}},
	} {
		got := toolPprof(t, tt.args...)
		for _, want := range tt.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: go tool pprof %v says\n%s\nwant\n%s", tt.what, tt.args, got, want)
			}
		}
	}
}

// Of reports, what a new build is slower by.
func TestPprofToolOfReports(t *testing.T) {
	if testing.Short() {
		t.Skip("go tool pprof may have to be built")
	}
	var files []string
	for _, name := range []string{"checkout", "checkout-slow"} {
		var stats waterfall.Stats
		for range 10 {
			stats.Add(runOf(t, name))
		}
		var b strings.Builder
		report := stats.Report("checkout", waterfall.SinceStart)
		if err := report.WritePprof(&b); err != nil {
			t.Fatal(err)
		}
		files = append(files, fileOf(t, name, b.String()))
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-top", files[0]}, "Type: critical\n"},
		{[]string{"-top", files[0]}, " 400ms 38.10% 38.10% 400ms 38.10% charge\n"},
		{[]string{"-top", "-diff_base", files[0], files[1]}, " 750ms 71.43% 71.43% 750ms 71.43% quote\n"},
		{[]string{"-top", "-sample_index=work", files[1]}, " 750ms 28.85% 28.85% 750ms 28.85% quote: running\n"},
	} {
		if got := toolPprof(t, tt.args...); !strings.Contains(got, tt.want) {
			t.Errorf("go tool pprof %v says\n%s\nwant\n%s", tt.args, got, tt.want)
		}
	}
}
