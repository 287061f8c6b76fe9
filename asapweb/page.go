package asapweb

import (
	_ "embed"
	"html/template"
	"net/url"
	"strings"

	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

//go:embed pages.html
var pagesHTML string

//go:embed pages.css
var pagesCSS string

//go:embed index.js
var indexJS template.JS

var pages = template.Must(template.New("pages").Parse(pagesHTML))

// page is what every page has.
type page struct {
	Nonce, Title string
	CSS          template.CSS
	Script       template.JS
	Top          top
	Text         string // of an error
}

// top is the line above a page: where one is, and what can be downloaded.
type top struct {
	Path    []crumb
	Run     uint64
	With    uint64 // a usual run, to be compared with
	Live    bool
	Trace   *traceRef
	Formats []waterfall.Format // of the run
	More    []choice           // downloads of a page of many runs
}

// crumb is a place above, with the query that leads to it; the last one has none.
type crumb struct {
	Text  string
	Query template.URL
}

func groupCrumb(name string) crumb { return crumb{shown(name), query("group", name)} }

// query is the part of a link after its ?, of names and values in turn; what has
// no value is left out, but for the first.
func query(pairs ...string) template.URL {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 && pairs[i+1] == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		value := pairs[i+1]
		if pairs[i] == "group" {
			value = linked(value)
		}
		b.WriteString(pairs[i] + "=" + url.QueryEscape(value))
	}
	return template.URL(b.String())
}

func newPage(nonce, title string) page {
	return page{Nonce: nonce, Title: title, CSS: template.CSS(look.CSS + pagesCSS)}
}

func pageOf(nonce, title, text string) page {
	p := newPage(nonce, title)
	p.Top.Path = []crumb{{Text: title}}
	p.Text = look.Plain(text)
	return p
}

// show makes a page of the template of that name.
func show(name string, data any) (*answer, error) {
	a := &answer{media: waterfall.HTML.MediaType()}
	if err := pages.ExecuteTemplate(&a.body, name, data); err != nil {
		return nil, err
	}
	return a, nil
}

func renderTop(t top) (template.HTML, error) {
	var b strings.Builder
	err := pages.ExecuteTemplate(&b, "top", t)
	return template.HTML(b.String()), err
}
