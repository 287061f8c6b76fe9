package shop

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
)

//go:embed templates
var files embed.FS

var templates = parse("home", "product", "cart", "checkout", "problem")

func parse(names ...string) map[string]*template.Template {
	all := make(map[string]*template.Template)
	for _, name := range names {
		t := template.New("layout.html").Funcs(template.FuncMap{"picture": picture, "lower": strings.ToLower, "ms": ms})
		all[name] = template.Must(t.ParseFS(files, "templates/layout.html", "templates/panel.html", "templates/"+name+".html"))
	}
	return all
}

// page serves what build makes, as HTML, or as JSON to those who ask for
// ?format=json. The JSON is the data alone: what is the same in every mode.
func (s *Shop) page[T any](name string, build func(context.Context, *visit) (T, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &trace{request: requestID(r), start: time.Now(), hold: s.hold}
		v, err := s.enter(r)
		var data T
		if err == nil {
			data, err = build(context.WithValue(r.Context(), traceKey{}, t), v)
		}
		took := time.Since(t.start)
		w.Header().Set("Server-Timing", fmt.Sprintf("page;dur=%.3f", took.Seconds()*1e3))
		w.Header().Set("Cache-Control", "no-store")
		code := http.StatusOK
		if err != nil {
			code = status(err)
		}
		if r.FormValue("format") == "json" {
			writeJSON(w, code, data, err)
			return
		}
		out := &view{visit: v, Page: name, Data: data, Took: took, calls: t.made()}
		if err != nil {
			out.Page, out.Data, out.Problem, out.Headline = "problem", nil, err.Error(), headlines[code]
		}
		out.write(w, code)
	})
}

// refuse answers a form that cannot be done, as page does.
func (s *Shop) refuse(w http.ResponseWriter, r *http.Request, err error) {
	s.page("problem", func(context.Context, *visit) (struct{}, error) { return struct{}{}, err }).ServeHTTP(w, r)
}

func writeJSON(w http.ResponseWriter, code int, data any, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err != nil {
		data = map[string]string{"error": err.Error()}
	}
	e.Encode(data)
}

// lost answers every address that is not a page.
func (s *Shop) lost(_ context.Context, v *visit) (struct{}, error) {
	return struct{}{}, fmt.Errorf("page %s: %w", v.request.URL.Path, store.ErrNotFound)
}

func (s *Shop) style(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "templates/style.css")
}

// view is what the templates see.
type view struct {
	visit    *visit
	Page     string
	Data     any
	Problem  string
	Headline string
	Took     time.Duration
	calls    []Call
}

func (o *view) write(w http.ResponseWriter, code int) {
	var b bytes.Buffer // whole or not at all
	if err := templates[o.Page].Execute(&b, o); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(code)
	w.Write(b.Bytes())
}

// Link and Here are addresses that keep what the visitor chose.
func (o *view) Link(path string) string       { return o.visit.link(path) }
func (o *view) Here(key, value string) string { return o.visit.here(key, value) }

// What the visitor chose.
func (o *view) User() store.User { return o.visit.user }
func (o *view) Mode() Mode       { return o.visit.mode }
func (o *view) Modes() []Mode    { return Modes() }
func (o *view) Currency() string { return o.visit.currency }
func (o *view) NextUser() int    { return o.visit.user.ID%store.Users + 1 }

// NewOrder names the order that a form will place.
func (o *view) NewOrder() string { return "order-" + rand.Text() }

// Back is where a visitor is sent who has changed something on this page.
func (o *view) Back() string {
	if o.visit.request.Method == http.MethodGet {
		return o.visit.request.URL.RequestURI()
	}
	return o.visit.link("/cart")
}

// Add is a sum.
func (o *view) Add(a, b int) int { return a + b }

// Patience is how long optional parts are waited for.
func (o *view) Patience() time.Duration { return o.visit.Patience }

// Without gives the reason why an optional part is missing, or nothing.
func (o *view) Without(part string, all []Missing) string {
	for _, m := range all {
		if m.Part == part {
			return m.Why
		}
	}
	return ""
}

// bar is a call in the picture, in percent of the page's time.
type bar struct {
	Call
	Left, Width float64
}

// Duration is how long the call took.
func (b bar) Duration() time.Duration { return b.To - b.From }

// Bars returns the calls in order of their starts.
func (o *view) Bars() []bar {
	calls := slices.SortedStableFunc(slices.Values(o.calls), func(a, b Call) int { return cmp.Compare(a.From, b.From) })
	bars := make([]bar, len(calls))
	for i, c := range calls {
		left := 100 * float64(c.From) / float64(o.Took)
		bars[i] = bar{c, left, max(0.5, 100*float64(c.To-c.From)/float64(o.Took))}
	}
	return bars
}

// Elsewhere is the address of a page about the order of this one, if an engine
// has run it.
func (o *view) Elsewhere() string {
	c, ok := o.Data.(Checkout)
	if !ok || o.visit.mode != ASAP || c.Repeated {
		return ""
	}
	return o.visit.Engine.Address(c.Order)
}

// Work is the time of all calls together.
func (o *view) Work() time.Duration {
	var sum time.Duration
	for _, c := range o.calls {
		sum += c.To - c.From
	}
	return sum
}

func ms(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
}

// switches is a service in the panel.
type switches struct {
	Service string
	Now     services.Fault
}

// Services returns the services and what is wrong with them.
func (o *view) Services() []switches {
	var all []switches
	for _, name := range services.Names() {
		all = append(all, switches{name, o.visit.Services.Fault(name)})
	}
	return all
}

// Faults returns what can be wrong with a service.
func (o *view) Faults() []services.Fault { return services.Faults() }
