package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/asap-go/asap/waterfall"
)

// What the pages did is at /debug/asap: each by its name, with its runs.
func TestDebugPage(t *testing.T) {
	w := open(t, func(c *settings) { c.stats = new(waterfall.Stats) })
	get := func(path string, want ...string) string {
		t.Helper()
		res, err := http.Get(w.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("GET %s = %d, %v: %s", path, res.StatusCode, err, body)
		}
		for _, s := range want {
			if !strings.Contains(string(body), s) {
				t.Errorf("GET %s: the page lacks %q:\n%s", path, s, body)
			}
		}
		return string(body)
	}
	get("/debug/asap/", "No group has ended yet")
	for range 3 {
		get("/")
		get("/cart?mode=asap")
		get("/?mode=errgroup") // not a group of this library
	}
	res, err := http.PostForm(w.url+"/checkout", map[string][]string{"order": {"debug-0001"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()

	get("/debug/asap/", ` href="?group=home&amp;`, ` href="?group=cart&amp;`, ` href="?group=checkout&amp;`)
	body := get("/debug/asap/?group=home", "<dt>runs</dt><dd>3</dd>", `<th scope="row">products</th>`)
	get("/product/3?mode=tail")
	get("/debug/asap/?group=product", "Second calls, and giving up", "currencies", "price")
	link := regexp.MustCompile(`href="(\?run=\d+)"`).FindStringSubmatch(body)
	if link == nil {
		t.Fatalf("the page of home links to no run:\n%s", body)
	}
	get("/debug/asap/"+link[1], "home: succeeded after", "critical path only")
	run, err := waterfall.ReadJSON(strings.NewReader(get("/debug/asap/" + link[1] + "&format=json")))
	if err != nil || run.Name != "home" || run.Task("products") == nil {
		t.Errorf("the run of home as JSON: %+v, %v; want one with the task products", run, err)
	}
}

// The demo measures its pages; nobody looks at their groups meanwhile.
func TestNoDebugPage(t *testing.T) {
	if code, _ := open(t, nil).ask(page{"", "/debug/asap/", nil}, ASAP, "html"); code != http.StatusNotFound {
		t.Errorf("GET /debug/asap/ without Stats = %d, want 404", code)
	}
}
