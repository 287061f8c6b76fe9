package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
	"github.com/asap-go/asap/flow"
)

// page is how every page is served: what build makes, as HTML, or as JSON to
// those who ask for ?format=json. The JSON is the data alone: what is the same
// in every mode. A page that can be [live] is written while it is made.
func (s *Shop) page[T any](name string, build func(*visit, context.Context) (T, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &trace{request: cmp.Or(r.Header.Get("X-Request-Id"), rand.Text()), start: time.Now(), hold: s.hold}
		v, err := s.enter(r)
		out := &view{visit: v, Page: name}
		format := r.FormValue("format")
		if name == "home" && v.Mode.pick(true, false, false) && format != "json" { // the other modes have it all at once
			v.writeLive(w, out, format == "ndjson")
		}
		if err == nil {
			out.Data, err = build(v, context.WithValue(r.Context(), traceKey{}, t))
		}
		out.Took = time.Since(t.start)
		t.mu.Lock()
		out.calls = slices.Clone(t.calls)
		t.mu.Unlock()
		if v.live != nil && v.live.begun {
			v.live.end(r.Context(), err)
			return
		}
		v.live = nil
		code := http.StatusOK
		if err != nil {
			code = status(err)
			out.Page, out.Data = "problem", map[string]any{"code": code, "error": err.Error()}
		}
		w.Header().Set("Server-Timing", fmt.Sprintf("page;dur=%.3f", out.Took.Seconds()*1e3))
		w.Header().Set("Cache-Control", "no-store")
		out.write(w, code, format)
	})
}

// form is how every form is served: what do does, and a way to the page that
// it names.
func (s *Shop) form(do func(*visit, context.Context) (to string, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := ""
		v, err := s.enter(r)
		if err == nil {
			to, err = do(v, r.Context())
		}
		if err != nil {
			s.page("problem", func(*visit, context.Context) (any, error) { return nil, err }).ServeHTTP(w, r)
			return
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
}

//go:embed templates
var files embed.FS

var templates = parse("home", "product", "cart", "checkout", "problem")

func parse(names ...string) map[string]*template.Template {
	all := make(map[string]*template.Template)
	for _, name := range names {
		t := template.New("layout.html").Funcs(template.FuncMap{
			"picture": picture, "lower": strings.ToLower, "ms": ms, "newOrder": func() string { return "order-" + rand.Text() },
			"add":      func(a, b int) int { return a + b },
			"polyfill": func() template.JS { return polyfill },
			"modes":    func() []Mode { return Modes },
			"services": func() []string { return services.Names },
			"faults":   func() []services.Fault { return services.Faults },
		})
		all[name] = template.Must(t.ParseFS(files, "templates/layout.html", "templates/panel.html", "templates/"+name+".html"))
	}
	return all
}

// view is what the templates see.
type view struct {
	*visit
	Page  string
	Data  any
	Took  time.Duration
	calls []made
}

func (o *view) write(w http.ResponseWriter, code int, format string) {
	var b bytes.Buffer // whole or not at all
	var err error
	setHTML(w.Header())
	switch format {
	case "json":
		w.Header().Set("Content-Type", "application/json")
		e := json.NewEncoder(&b)
		e.SetIndent("", "  ")
		err = e.Encode(o.Data)
	case "ndjson": // one line
		w.Header().Set("Content-Type", "application/x-ndjson")
		err = json.NewEncoder(&b).Encode(o.Data)
	default:
		err = templates[o.Page].Execute(&b, o)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(code)
	w.Write(b.Bytes())
}

func setHTML(h http.Header) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src "+onlyPolyfill+"; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
}

// IsLive reports whether the page is written while it is being made.
func (o *view) IsLive() bool { return o.live != nil }

// NextUser is who the visitor becomes by a click.
func (o *view) NextUser() int { return o.User.ID%store.Users + 1 }

// bar is a call in the picture, in percent of the page's time.
type bar struct {
	made
	Duration    time.Duration
	Left, Width float64
}

// Bars returns the calls in order of their starts.
func (o *view) Bars() (bars []bar) {
	percent := func(d time.Duration) float64 { return 100 * float64(d) / float64(o.Took) }
	for _, c := range slices.SortedStableFunc(slices.Values(o.calls), func(a, b made) int { return cmp.Compare(a.From, b.From) }) {
		d := c.To - c.From
		bars = append(bars, bar{c, d, percent(c.From), max(0.5, percent(d))})
	}
	return bars
}

// Work is the time of all calls together.
func (o *view) Work() (sum time.Duration) {
	for _, c := range o.calls {
		sum += c.To - c.From
	}
	return sum
}

// Workflow is the address of a page about the order of this one, if it ran
// elsewhere.
func (o *view) Workflow() string {
	if c, ok := o.Data.(Checkout); ok && o.temporal != nil && o.Mode == ASAP && !c.Repeated {
		return o.temporal.address(c.Order)
	}
	return ""
}

func ms(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
}

// picture draws a product, 100 by 100. A line of pictures.txt has a noun of the
// catalogue and its drawing: a is the colour of the finish, b darker, c lighter,
// s a dark line. Nothing that a product says gets into the markup.
func picture(p store.Product) template.HTML {
	noun := "\n" + strings.TrimSpace(strings.TrimPrefix(p.Name, p.Finish)) + "\t"
	if _, rest, ok := strings.Cut(pictures, noun); ok {
		svg, _, _ := strings.Cut(rest, "\n")
		return template.HTML(svg)
	}
	return parcel
}

//go:embed templates/pictures.txt
var pictures string

const parcel = template.HTML(`<rect class="a" x="26" y="30" width="48" height="46" rx="6"/><path class="s thin" d="M26 46h48M50 30v46"/>`)

// requestError is the visitor's mistake.
type requestError struct{ text string }

func (e *requestError) Error() string { return e.text }

// statuses say whose fault an error is, by its type: the visitor's, a
// service's, or else ours.
var statuses = map[string]int{
	"*main.requestError":            http.StatusBadRequest,
	"*services.Error":               http.StatusBadGateway,
	"*store.NotFoundError":          http.StatusNotFound,
	"*store.EmptyCartError":         http.StatusConflict,
	"context.deadlineExceededError": http.StatusGatewayTimeout,
}

// status looks for an error of a known type in err. An order may have run in
// another process; what is left of its errors here is an [flow.RemoteError]
// each, with the name of the type.
func status(err error) int {
	kind := fmt.Sprintf("%T", err)
	if r, ok := err.(*flow.RemoteError); ok {
		kind = r.Type
	}
	if code, ok := statuses[kind]; ok {
		return code
	}
	var inner []error
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		inner = []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		inner = e.Unwrap()
	}
	for _, err := range inner {
		if code := status(err); code != http.StatusInternalServerError {
			return code
		}
	}
	return http.StatusInternalServerError
}
