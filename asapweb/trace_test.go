package asapweb_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asapweb"
	"github.com/asap-go/asap/waterfall"
)

// The page of a run has its trace ID, with the link that the option makes of it,
// if that is one that a page may have.
func TestTraceLink(t *testing.T) {
	const id = `4bf92f"><b>`
	stats := &waterfall.Stats{TraceID: func(context.Context) string { return id }}
	g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats))
	g.Do("task", func(context.Context) error { return nil })
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	stats.Add(checkout("none", 30*time.Millisecond, asap.Succeeded))
	escaped := `4bf92f&#34;&gt;&lt;b&gt;`
	for address, want := range map[string]string{
		"":                          `<span class="trace">trace ` + escaped + `</span>`,
		"https://traces.test/t/%s":  `<span class="trace">trace <a href="https://traces.test/t/4bf92f%22%3E%3Cb%3E" rel="noopener noreferrer">` + escaped + `</a></span>`,
		"HTTP://traces.test/?t=1&u": `<a href="http://traces.test/?t=1&amp;u" rel`,
		"javascript:alert(1)//%s":   `<span class="trace">trace ` + escaped + `</span>`,
		"data:text/html,%s":         `<span class="trace">trace ` + escaped + `</span>`,
		"/relative/%s":              `<span class="trace">trace ` + escaped + `</span>`,
		"//other.test/%s":           `<span class="trace">trace ` + escaped + `</span>`,
		"http://[broken":            `<span class="trace">trace ` + escaped + `</span>`,
	} {
		link := func(id string) string {
			if strings.Contains(address, "%s") {
				return fmt.Sprintf(address, id)
			}
			return address
		}
		h := asapweb.Handler(stats, asapweb.TraceLink(link))
		contains(t, "the page with "+address, page(t, h, "?run=1"), want)
		if got := page(t, h, "?run=2"); strings.Contains(got, `class="trace"`) {
			t.Errorf("the page of a run without a trace has one")
		}
	}
	contains(t, "the page without the option", page(t, asapweb.Handler(stats), "?run=1"), `<span class="trace">trace `+escaped+`</span>`)
}
