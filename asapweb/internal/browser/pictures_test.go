package browser_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/chromedp/chromedp"

	"github.com/asap-go/asap/asapweb"
	"github.com/asap-go/asap/waterfall"
)

var (
	pictures = flag.String("pictures", "", "folder to write the pictures of the documentation to")
	all      = flag.Bool("all", false, "with -pictures: write those of every page in every window")
)

// documented are the pages of which the documentation has pictures.
var documented = map[string]string{"index": "asapweb.png", "group": "asapweb-group.png", "whatif": "asapweb-whatif.png", "comparison": "asapweb-comparison.png", "pair": "asapweb-pair.png"}

// recorded are the pages of a shop at one moment of virtual time, so that the
// pictures of them are the same every time.
type recorded map[string]*httptest.ResponseRecorder

func (p recorded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := p[r.URL.RawQuery]
	if a == nil {
		http.NotFound(w, r)
		return
	}
	maps.Copy(w.Header(), a.Header())
	w.WriteHeader(a.Code)
	w.Write(a.Body.Bytes())
}

// record runs a shop for a minute and keeps the pages, with those that they
// link to.
func record(t *testing.T) (p recorded, pair string) {
	t.Helper()
	p = make(recorded)
	synctest.Test(t, func(t *testing.T) {
		s := &sample{rnd: rand.New(rand.NewPCG(1, 1)), stats: new(waterfall.Stats)}
		end := s.incident(t.Context())
		h := asapweb.Handler(s.stats)
		link := regexp.MustCompile(`href="\?([^"]*)"`)
		var keep func(query string)
		keep = func(query string) {
			if p[query] != nil {
				return
			}
			r := httptest.NewRequest("GET", "http://localhost/debug/asap/?"+query, nil)
			r.RemoteAddr = "127.0.0.1:1"
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			p[query] = w
			if w.Header().Get("Content-Disposition") != "" {
				return
			}
			for _, m := range link.FindAllStringSubmatch(w.Body.String(), -1) {
				keep(regexp.MustCompile(`&amp;`).ReplaceAllString(m[1], "&"))
			}
		}
		keep("")
		slow := regexp.MustCompile(`(?s)Slowest.*?run=(\d+)`).FindStringSubmatch(p["group=checkout"].Body.String())
		typical := regexp.MustCompile(`(?s)Latest.*?run=(\d+)`).FindStringSubmatch(p["group=checkout"].Body.String())
		keep("group=checkout&window=minute&against=since-start")
		pair = "run=" + slow[1] + "&with=" + typical[1]
		keep(pair)
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	return p, pair
}

// TestPictures looks at every page in a wide and a narrow window, in light and
// in dark: nothing is wider than the window. With -pictures it keeps what it saw
// for the documentation.
func TestPictures(t *testing.T) {
	pages, pair := record(t)
	server := httptest.NewServer(pages)
	defer server.Close()
	slowest := regexp.MustCompile(`(?s)Slowest.*?run=(\d+)`).FindStringSubmatch(pages["group=checkout"].Body.String())
	live := regexp.MustCompile(`id="run-(\d+)"`).FindStringSubmatch(pages[""].Body.String())
	if slowest == nil || live == nil {
		t.Fatal("the pages have no slowest checkout, or no running group")
	}
	for _, view := range []struct {
		name, query, before string
	}{
		{"index", "", ""},
		{"group", "group=checkout", ""},
		{"run", "run=" + slowest[1], `document.querySelectorAll(".row[tabindex]")[4].focus()`},
		{"whatif", "run=" + slowest[1], `document.getElementById("whatif").click();
			const s = document.querySelectorAll(".knob input")[3]; s.value = 40; s.dispatchEvent(new Event("input"))`},
		{"live", "run=" + live[1], ""},
		{"pair", pair, ""},
		{"comparison", "group=checkout&window=minute&against=since-start", ""},
	} {
		for _, window := range []struct {
			name  string
			width int64
			dark  bool
		}{{"light", 1000, false}, {"dark", 1200, true}, {"narrow", 360, false}, {"narrow-dark", 360, true}, {"print", 720, false}} {
			t.Run(view.name+"/"+window.name, func(t *testing.T) {
				ctx := tab(t, window.width, 800, window.dark)
				do(t, ctx, chromedp.Navigate(server.URL+"/?"+view.query))
				if window.name == "print" {
					printed(t, ctx)
				}
				if view.before != "" {
					js[chromedp.Void](t, ctx, "(() => {"+view.before+"})()")
				}
				if view.name == "whatif" {
					awaitAssumed(t, ctx)
				}
				if wide := js[int64](t, ctx, `document.documentElement.scrollWidth`); wide > window.width {
					t.Errorf("the page is %d pixels wide in a window of %d; too wide are %s", wide, window.width,
						js[string](t, ctx, fmt.Sprintf(`[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > %d).slice(0, 8).map(e => e.tagName + "." + e.getAttribute("class")).join(" ")`, window.width)))
				}
				file := "asapweb-" + view.name + "-" + window.name + ".png"
				if !*all {
					file = ""
					if window.name == "light" {
						file = documented[view.name]
					}
				}
				for _, p := range js[[]string](t, ctx, lowContrast) {
					t.Errorf("%s", p)
				}
				if *pictures == "" || file == "" {
					return
				}
				shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(*pictures, file), smaller(t, shot), 0o644); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}

// smaller is a picture in a palette, with no more bytes than it needs; those of
// the documentation have no more than its upper part.
func smaller(t *testing.T, shot []byte) []byte {
	t.Helper()
	from, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	bounds := from.Bounds()
	if !*all {
		bounds.Max.Y = min(bounds.Max.Y, 1560)
	}
	counts := make(map[color.NRGBA]int)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := color.NRGBAModel.Convert(from.At(x, y)).(color.NRGBA)
			counts[c]++
			if max(c.R, c.G, c.B)-min(c.R, c.G, c.B) > 80 { // not one of the many grays
				counts[c] += 9
			}
		}
	}
	var palette color.Palette
	for _, c := range slices.SortedFunc(maps.Keys(counts), func(a, b color.NRGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B)) // the same every time
	}) {
		if len(palette) < 256 {
			palette = append(palette, c)
		}
	}
	to := image.NewPaletted(bounds, palette)
	draw.Draw(to, bounds, from, bounds.Min, draw.Src)
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, to); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
