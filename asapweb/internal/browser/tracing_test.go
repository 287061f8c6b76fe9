package browser_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/asap-go/asap/waterfall"
)

// viewerPage opens /trace in the trace viewer, as chrome://tracing did and `go
// tool trace` does, and says what it has made of it. A flow is bound if the
// viewer found the slices at both of its ends.
const viewerPage = `<!doctype html>
<script src="/static/webcomponents.min.js"></script>
<link rel="import" href="/static/trace_viewer_full.html">
<style>html, body { margin: 0; height: 100%; overflow: hidden } #viewer { width: 100%; height: 100% }</style>
<body><script>
document.addEventListener("WebComponentsReady", async () => {
	const text = await (await fetch("/trace")).text();
	const container = document.createElement("track-view-container");
	container.id = "track_view_container";
	const viewer = document.createElement("tr-ui-timeline-view");
	viewer.track_view_container = container;
	Polymer.dom(viewer).appendChild(container);
	viewer.id = "viewer";
	Polymer.dom(document.body).appendChild(viewer);
	const model = new tr.Model();
	await new tr.importer.Import(model, new tr.importer.ImportOptions()).importTracesWithProgressDialog([text]);
	viewer.model = model;
	const out = {Slices: 0, Threads: [], Flows: model.flowEvents.length, Bound: 0, Process: "",
		Warnings: model.importWarnings.map(w => w.type + ": " + w.message)};
	for (const p of model.getAllProcesses()) {
		out.Process += p.name;
		for (const t of Object.values(p.threads)) {
			out.Threads.push(t.name);
			out.Slices += t.sliceGroup.length;
		}
	}
	for (const f of model.flowEvents) {
		if (f.startSlice && f.endSlice) out.Bound++;
	}
	window.imported = JSON.stringify(out);
});
</script></body>`

// The trace opens in the trace viewer that Go has for its own traces: nothing
// in it is dropped or warned of, and every arrow has both of its ends.
func TestTraceOpensInTheViewer(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	viewer := filepath.Join(strings.TrimSpace(string(root)), "src/internal/trace/traceviewer/static")
	if _, err := os.Stat(filepath.Join(viewer, "trace_viewer_full.html")); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI is set, and there is no trace viewer: %v", err)
		}
		t.Skipf("NOT TESTED: this Go has no trace viewer: %v", err)
	}
	var trace bytes.Buffer
	mux := http.NewServeMux()
	mux.Handle("/static/", http.StripPrefix("/static/", http.FileServer(http.Dir(viewer))))
	mux.HandleFunc("/trace", func(w http.ResponseWriter, _ *http.Request) { w.Write(trace.Bytes()) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(viewerPage)) })
	server := httptest.NewServer(mux)
	defer server.Close()

	ctx := tabThatMayFail(t, 1200, 520)
	for name, want := range map[string]struct{ slices, flows int }{
		"checkout": {}, "checkout-slow": {}, "checkout-limit": {},
	} {
		file, err := os.Open("../../../docs/runs/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		run, err := waterfall.ReadJSON(file)
		if err != nil {
			t.Fatal(err)
		}
		var running int
		for _, task := range run.Tasks {
			for _, p := range task.Pieces {
				if p.State == waterfall.Running {
					running++
				}
				if p.Len() > 0 && p.State == waterfall.Blocked {
					want.flows++
				}
			}
		}
		want.slices = running // and the waits for which there is room
		trace.Reset()
		if err := run.Write(&trace, waterfall.Perfetto); err != nil {
			t.Fatal(err)
		}
		do(t, ctx, chromedp.Navigate(server.URL))
		wait(t, ctx, "window.imported")
		var got struct {
			Slices, Flows, Bound int
			Threads, Warnings    []string
			Process              string
		}
		if err := json.Unmarshal([]byte(js[string](t, ctx, "window.imported")), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Warnings) > 0 {
			t.Errorf("%s: the viewer warns: %v", name, got.Warnings)
		}
		process := "checkout"
		if limit := run.Groups[0].Limit; limit > 0 {
			process += fmt.Sprintf(" (limit %d)", limit)
		}
		if got.Process != process || len(got.Threads) > len(run.Tasks)*2/3 {
			t.Errorf("%s: the viewer has process %q with %d tracks %q, want %s with fewer than its %d tasks", name, got.Process, len(got.Threads), got.Threads, process, len(run.Tasks))
		}
		if got.Slices < want.slices {
			t.Errorf("%s: the viewer has %d slices, want at least %d", name, got.Slices, want.slices)
		}
		if got.Flows != want.flows || got.Bound != want.flows {
			t.Errorf("%s: the viewer has %d arrows, %d with both ends, want %d", name, got.Flows, got.Bound, want.flows)
		}
	}
}
