package waterfall_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// fixed is a run whose rendering is the same on every day.
func fixed(t testing.TB, script string) *waterfall.Run {
	run := record(t, script)
	run.Began = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	return run
}

func render(t testing.TB, run *waterfall.Run, f waterfall.Format) string {
	t.Helper()
	var b bytes.Buffer
	if err := run.Write(&b, f); err != nil {
		t.Fatalf("Write(%s) = %v", f, err)
	}
	return b.String()
}

func TestFormatsGolden(t *testing.T) {
	for _, name := range []string{"readme", "nested", "failed", "map", "limit"} {
		for _, f := range waterfall.Formats() {
			if f == waterfall.Text || f == waterfall.PProf || f == waterfall.HTML && name != "nested" {
				continue
			}
			t.Run(name+"/"+string(f), func(t *testing.T) {
				out := render(t, fixed(t, scripts[name]), f)
				if f == waterfall.HTML {
					out = withoutAssets(t, out)
				}
				golden(t, name+"."+string(f), out)
			})
		}
	}
}

// withoutAssets replaces what is the same in every page by the name of its file.
func withoutAssets(t *testing.T, html string) string {
	t.Helper()
	for _, name := range []string{"../internal/look/look.css", "page.css", "sim.js", "assume.js", "page.js"} {
		asset, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(html, string(asset)) {
			t.Errorf("the page lacks %s", name)
		}
		html = strings.Replace(html, string(asset), "("+filepath.Base(name)+")", 1)
	}
	return html
}

// Every format of every script is well formed by its own grammar.
func TestFormatsAreWellFormed(t *testing.T) {
	for name, script := range scripts {
		run := fixed(t, script)
		for _, f := range []waterfall.Format{waterfall.JSON, waterfall.Perfetto} {
			if out := render(t, run, f); !json.Valid([]byte(out)) {
				t.Errorf("%s: %s is not JSON:\n%s", name, f, out)
			}
		}
		d := xml.NewDecoder(strings.NewReader(render(t, run, waterfall.SVG)))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Errorf("%s: the SVG is not XML: %v", name, err)
				break
			}
		}
		if dot, err := exec.LookPath("dot"); err == nil {
			cmd := exec.Command(dot, "-Tplain")
			cmd.Stdin = strings.NewReader(render(t, run, waterfall.DOT))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: dot says %v: %s", name, err, out)
			}
		}
	}
}

func TestWriteUnknownFormat(t *testing.T) {
	err := record(t, readme).Write(io.Discard, "pdf")
	if want := `waterfall: format "pdf" is unknown; there are text, svg, html, json, perfetto, mermaid, dot and pprof`; err == nil || err.Error() != want {
		t.Errorf("Write(pdf) = %v, want %s", err, want)
	}
}

type failing struct{ n int }

func (f *failing) Write([]byte) (int, error) { f.n++; return 0, errors.New("pipe closed") }

func TestWriteIsOneWrite(t *testing.T) {
	for _, f := range waterfall.Formats() {
		w := &failing{}
		if err := record(t, readme).Write(w, f); err == nil || err.Error() != "pipe closed" || w.n != 1 {
			t.Errorf("Write(%s) = %v after %d writes, want the writer's error after one", f, err, w.n)
		}
	}
}

// A name is text in every format, whatever is in it.
func TestNamesStayText(t *testing.T) {
	bad := `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&` + "`${x}" + `]]>--%s` + "\x00\x1b\u2028\xff"
	var rec waterfall.Recorder
	rec.Observe(asap.Event{Kind: asap.GroupStart, Group: 1, Name: bad})
	rec.Observe(asap.Event{Kind: asap.Declared, Group: 1, Task: 2, Name: bad})
	rec.Observe(asap.Event{Kind: asap.Started, Group: 1, Task: 2, Name: bad})
	rec.Observe(asap.Event{Kind: asap.Ended, Group: 1, Task: 2, Name: bad, At: 5, Outcome: asap.Failed, Err: errors.New(bad)})
	rec.Observe(asap.Event{Kind: asap.GroupEnd, Group: 1, Name: bad, At: 5, Outcome: asap.Failed, Err: errors.New(bad)})
	run := rec.Run()
	html := render(t, run, waterfall.HTML)
	if strings.Contains(html, "<img src") || strings.Contains(html, "<script>alert") {
		t.Error("markup of a name is markup of the page")
	}
	if n := strings.Count(html, "</script>"); n != 4 {
		t.Errorf("the page closes %d scripts, want its own 4", n)
	}
	svg := render(t, run, waterfall.SVG)
	if err := xml.Unmarshal([]byte(svg), new(struct{ XMLName xml.Name })); err != nil || strings.Contains(svg, "<img") {
		t.Errorf("SVG with such a name: %v", err)
	}
	for _, f := range []waterfall.Format{waterfall.JSON, waterfall.Perfetto} {
		if !json.Valid([]byte(render(t, run, f))) {
			t.Errorf("%s with such a name is not JSON", f)
		}
	}
	mermaid := render(t, run, waterfall.Mermaid)
	for line := range strings.Lines(mermaid) {
		if strings.HasPrefix(line, "  t0[") && strings.Count(line, `"`) != 2 {
			t.Errorf("the Mermaid label does not end where it should: %s", line)
		}
	}
	dot := render(t, run, waterfall.DOT)
	if quotes := regexp.MustCompile(`\\.`).ReplaceAllString(dot, ""); strings.Count(quotes, `"`)%2 != 0 {
		t.Errorf("quotes of the DOT do not pair up:\n%s", dot)
	}
}

// In a frame, what the page runs carries the server's nonce, and nothing else
// does; the links stand above the heading as they are.
func TestWriteHTMLInAFrame(t *testing.T) {
	var b strings.Builder
	frame := waterfall.Frame{Nonce: `a"b+c=`, Top: `<nav><a href="?">all</a></nav>`}
	if err := fixed(t, readme).WriteHTML(&b, frame); err != nil {
		t.Fatal(err)
	}
	html := b.String()
	for _, open := range []string{"<style", "<script", `<script id="run" type="application/json"`} {
		if with := open + ` nonce="a&#34;b&#43;c="`; !strings.Contains(html, with) {
			t.Errorf("the page lacks %s", with)
		}
	}
	if n := strings.Count(html, "nonce="); n != 5 {
		t.Errorf("the page has %d nonces, want 5", n)
	}
	if !strings.Contains(html, "<body>\n<nav><a href=\"?\">all</a></nav><header>") {
		t.Error("the frame's top is not above the header")
	}
	if plain := render(t, fixed(t, readme), waterfall.HTML); strings.Contains(plain, "nonce") {
		t.Error("the page without a frame has a nonce")
	}
	if err := fixed(t, readme).WriteHTML(&failing{}, frame); err == nil || err.Error() != "pipe closed" {
		t.Errorf("WriteHTML = %v, want the writer's error", err)
	}
}

// The page needs nothing but itself.
func TestPageIsSelfContained(t *testing.T) {
	html := render(t, fixed(t, readme), waterfall.HTML)
	if m := regexp.MustCompile(`(?i)(src|href)\s*=|@import|url\(|fetch\(|https?://`).FindString(html); m != "" {
		t.Errorf("the page refers to something outside: %q", m)
	}
}

// Nothing moves by itself, so there is nothing to reduce for those who ask for that.
func TestPageHasNoMotion(t *testing.T) {
	html := render(t, fixed(t, readme), waterfall.HTML)
	if m := regexp.MustCompile(`transition:|animation:|smooth|@keyframes`).FindString(html); m != "" {
		t.Errorf("the page has %q", m)
	}
}

// The page's style sheet is whole: a rule that is never closed takes those
// after it along.
func TestPageStyle(t *testing.T) {
	html := render(t, fixed(t, readme), waterfall.HTML)
	_, css, _ := strings.Cut(html, "<style>")
	css, _, _ = strings.Cut(css, "</style>")
	depth := 0
	for i, c := range css {
		switch c {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth < 0 || depth > 2 {
			t.Fatalf("the style sheet is %d braces deep after %.200q", depth, css[:i])
		}
	}
	if depth != 0 {
		t.Errorf("%d braces of the style sheet are not closed", depth)
	}
	if want := "@media print{.bar,#detail{display:none}}"; !strings.Contains(css, want) {
		t.Errorf("the style sheet lacks %s: what only a pointer can use is printed", want)
	}
}

// The page's program predicts what the package predicts, to the nanosecond, and finds the
// same critical path, also after another prediction; and what it makes of a run for the
// first, it has for those that follow.
func TestPageSimulation(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI is set, and there is no Node.js: %v", err)
		}
		t.Skip("the page's program is checked with Node.js, which is not here")
	}
	type trial struct {
		Data  json.RawMessage `json:"data"`
		Scale []float64       `json:"scale"`
		Gone  []bool          `json:"gone"`
		Limit int             `json:"limit"`
	}
	var trials []trial
	var want []*waterfall.Prediction
	for seed := range uint64(150) {
		rnd := rand.New(rand.NewPCG(seed, 8))
		p := newPlan(rnd, 2+rnd.IntN(20), true)
		p.limit = rnd.IntN(4)
		if rnd.IntN(4) == 0 {
			p.tasks[rnd.IntN(len(p.tasks))].fails = true
		}
		run := p.run(t)
		i := rnd.IntN(len(run.Tasks))
		tr := trial{Scale: make([]float64, len(run.Tasks)), Gone: make([]bool, len(run.Tasks)), Limit: rnd.IntN(4)}
		for k := range tr.Scale {
			tr.Scale[k] = 1
			if run.Tasks[k].Name == run.Tasks[i].Name {
				tr.Scale[k] = 0.25
			}
		}
		found := regexp.MustCompile(`(?s)<script id="run" type="application/json">(.*?)</script>`).FindStringSubmatch(render(t, run, waterfall.HTML))
		if found == nil {
			t.Fatal("the page has no data")
		}
		tr.Data = json.RawMessage(found[1])
		trials = append(trials, tr)
		got, err := run.WhatIf(waterfall.Speed(run.Tasks[i].Name, 0.75), waterfall.Limit(tr.Limit))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, got)
	}
	in, err := json.Marshal(trials)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "trials.json")
	if err := os.WriteFile(file, in, 0o600); err != nil {
		t.Fatal(err)
	}
	sim, err := filepath.Abs("sim.js")
	if err != nil {
		t.Fatal(err)
	}
	program := fmt.Sprintf(`const {simulate, criticalPath} = require(%q);
		const trials = JSON.parse(require("fs").readFileSync(%q));
		console.log(JSON.stringify(trials.map(t => {
			let looks = 0;
			const run = new Proxy(t.data, {get: (data, key) => { if (key === "tasks") looks++; return data[key]; }});
			simulate(run, t.scale.map(s => 2 * s), t.gone.map((_, i) => i === 1), t.limit + 1);
			const looked = looks, r = simulate(run, t.scale, t.gone, t.limit);
			return {makespan: r.makespan, path: criticalPath(t.data, r, t.gone, t.limit).map(s => [s.state, s.start, s.end]), looks: [looked, looks - looked]};
		})));`, sim, file)
	out, err := exec.Command(node, "-e", program).Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	var got []struct {
		Makespan int64
		Path     [][3]int64
		Looks    [2]int
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for i, g := range got {
		if g.Looks[0] == 0 || g.Looks[1] > 0 {
			t.Errorf("run %d: two predictions look at its tasks %v times, want the first alone", i, g.Looks)
		}
		if g.Makespan != int64(want[i].Makespan) {
			t.Errorf("run %d: the page predicts %d ns, the package %d", i, g.Makespan, want[i].Makespan)
			continue
		}
		var path [][3]int64
		for _, s := range want[i].Run.CriticalPath() {
			path = append(path, [3]int64{int64(s.State), int64(s.Start), int64(s.End)})
		}
		if !reflect.DeepEqual(g.Path, path) {
			t.Errorf("run %d: critical path of the page %v, of the package %v", i, g.Path, path)
		}
	}
}
