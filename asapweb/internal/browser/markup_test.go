package browser_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// foreign is what markup in a name would have made of itself.
const foreign = `[...document.querySelectorAll("img, iframe, object, embed, script[src], svg [onload], [onerror], [onload], b b, x-mark")].map(e => e.outerHTML.slice(0, 100))`

// A name with markup is the text that it is: on every page, in the waterfall
// and its details, in the downloaded file and in the picture.
func TestMarkupStaysText(t *testing.T) {
	for i, bad := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'><x-mark onload=alert(1)>`,
		`</script></style></title><script>alert(1)</script>`, `<!--<script>`, `&lt;x-mark&gt;`, "`${alert(1)}`", `javascript:alert(1)//`,
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			stats := new(waterfall.Stats)
			gate := make(chan struct{})
			for range 2 {
				g := asap.New(t.Context(), asap.Name(bad), asap.Observe(stats))
				first := g.Go(bad, func(context.Context) (int, error) { return 1, nil })
				first.Then(bad+"b", func(context.Context, int) (int, error) { return 1, errors.New(bad) })
				_ = g.Wait()
			}
			live := asap.New(t.Context(), asap.Name(bad), asap.Observe(stats))
			hold := live.Go(bad, func(context.Context) (int, error) { <-gate; return 1, nil })
			hold.Then(bad+"b", func(context.Context, int) (int, error) { return 1, nil })
			defer func() {
				close(gate)
				if err := live.Wait(); err != nil {
					t.Error(err)
				}
			}()

			server := serve(t, stats)
			ctx := tab(t, 1000, 700, false)
			look := func(where, address string, texts ...string) {
				t.Helper()
				do(t, ctx, chromedp.Navigate(address))
				if found := js[[]string](t, ctx, foreign); len(found) > 0 {
					t.Errorf("%s: the name became markup: %q", where, found)
				}
				for _, expression := range texts {
					if got := js[string](t, ctx, expression); got != bad {
						t.Errorf("%s: %s is %q, want the name %q", where, expression, got, bad)
					}
				}
			}
			page := server.URL + "/debug/asap/"
			look("first page", page, `document.querySelector("article h3 a").textContent`,
				`document.querySelector(".waits tbody th").textContent`, `document.querySelector(".names tbody th a").textContent`)
			js[chromedp.Void](t, ctx, `document.querySelector(".names tbody th a").click()`)
			wait(t, ctx, `location.search.startsWith("?group=") && document.querySelector("ol.runs")`)
			look("page of the name", page+"?group="+url.QueryEscape(bad), `document.querySelector("h1").textContent`,
				`document.title`, `[...document.querySelectorAll(".tasks tbody th")].map(e => e.textContent).find(s => s === `+strconv.Quote(bad)+`) || "none"`)
			look("what has changed", page+"?window=minute&against=hour&group="+url.QueryEscape(bad), `document.querySelector(".top ol a[href^='?group']").textContent`)
			look("two runs", page+"?run=2&with=1", `document.querySelector(".lane:not(.axis) .name").textContent`)
			for _, run := range []string{"1", "3"} { // ended, live
				look("page of run "+run, page+"?run="+run, `document.querySelector(".top ol a[href^='?group']").textContent`,
					`document.querySelector(".row .name:not(:empty)").textContent`)
				js[chromedp.Void](t, ctx, `document.querySelector(".row[tabindex]").focus()`)
				wait(t, ctx, `document.querySelector("#detail b")`)
				if got := js[string](t, ctx, `document.querySelector("#detail b").textContent`); got != bad {
					t.Errorf("details of run %s: %q, want the name %q", run, got, bad)
				}
				js[chromedp.Void](t, ctx, `document.getElementById("whatif")?.click()`)
			}
			for _, format := range []waterfall.Format{waterfall.HTML, waterfall.SVG} {
				file := filepath.Join(t.TempDir(), "run."+string(format))
				f, err := os.Create(file)
				if err != nil {
					t.Fatal(err)
				}
				if err := stats.Run(1).Write(f, format); err != nil {
					t.Fatal(err)
				}
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
				text := `document.querySelector(".row .name:not(:empty)").textContent`
				if format == waterfall.SVG {
					text = `[...document.querySelectorAll("text")].map(e => e.lastChild ? e.lastChild.textContent : "").find(s => s === ` + strconv.Quote(bad) + ` || s.endsWith("…") && ` + strconv.Quote(bad) + `.startsWith(s.slice(0, -1))) ? ` + strconv.Quote(bad) + ` : ""`
				}
				look("downloaded "+string(format), "file://"+file, text)
			}
		})
	}
}
