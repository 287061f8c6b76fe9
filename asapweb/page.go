package asapweb

import (
	_ "embed"
	"html/template"
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
	Live    bool
	Trace   *traceRef
	Formats []waterfall.Format
}

// crumb is a place above; the last one has no link.
type crumb struct {
	Text  string
	Group *string
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
