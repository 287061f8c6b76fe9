package asapweb

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// Option changes what [Handler] does.
type Option interface{ apply(*handler) }

type option func(*handler)

func (o option) apply(h *handler) { o(h) }

// Allow replaces the check that the client is on this machine: requests for
// which may returns true are answered. It is called for every request, at the
// same time for several. Given twice, the last wins; nil is the default again.
func Allow(may func(*http.Request) bool) Option {
	return option(func(h *handler) { h.allow = may })
}

// Handler returns the page about what stats has seen, to be mounted below any
// path: its pages differ in their query alone. It answers GET and HEAD, and
// only to clients on this machine unless [Allow] says otherwise. It may serve
// any number of requests at the same time; groups never wait for it. It panics
// if stats is nil.
func Handler(stats *waterfall.Stats, options ...Option) http.Handler {
	if stats == nil {
		panic("asapweb: Handler of nil Stats; give it the Stats that the groups observe")
	}
	h := &handler{stats: stats, slots: make(chan struct{}, maxAtOnce)}
	for _, o := range options {
		if o != nil {
			o.apply(h)
		}
	}
	return h
}

// maxAtOnce is how many pages are made at the same time, because each takes
// memory; others wait.
const maxAtOnce = 4

type handler struct {
	stats     *waterfall.Stats
	allow     func(*http.Request) bool
	traceLink func(string) string
	deciders  []Decider
	slots     chan struct{}
	suggested memory
}

// answer is what a request gets.
type answer struct {
	media string
	file  string // to be saved under this name
	body  bytes.Buffer
}

// refusal is an error with the status that it is answered with.
type refusal struct {
	status int
	text   string
}

func (e *refusal) Error() string { return e.text }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	nonce := rand.Text()
	head.Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"'; style-src 'nonce-"+nonce+
		"'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cache-Control", "no-store")
	a, err := h.serve(r, nonce)
	if err != nil {
		h.fail(w, r, nonce, err)
		return
	}
	if a.file != "" {
		head.Set("Content-Disposition", `attachment; filename="`+a.file+`"`)
	}
	send(w, http.StatusOK, a)
}

func send(w http.ResponseWriter, status int, a *answer) {
	w.Header().Set("Content-Type", a.media)
	w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	w.WriteHeader(status)
	w.Write(a.body.Bytes()) // the client may have gone
}

func (h *handler) serve(r *http.Request, nonce string) (*answer, error) {
	if err := h.guard(r); err != nil {
		return nil, err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, refuse(http.StatusMethodNotAllowed, "method %s: only GET and HEAD change nothing, and here is nothing to change", r.Method)
	}
	v, err := parse(r)
	if err != nil {
		return nil, err
	}
	v.group = h.named(v.group)
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-r.Context().Done():
		return nil, refuse(http.StatusServiceUnavailable, "%d other pages were being made for too long", maxAtOnce)
	}
	if v.format != "" && v.kind != aRun {
		return h.download(v)
	}
	switch v.kind {
	case aGroup:
		return h.group(v, nonce)
	case aRun:
		return h.run(v, nonce)
	case aPair:
		return h.pair(v, nonce)
	case aComparison:
		return h.comparison(v, nonce)
	}
	return h.index(v, nonce)
}

// fail answers with an error: as a page to a browser, in one line to others.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, nonce string, err error) {
	status := http.StatusInternalServerError
	if e, ok := errors.AsType[*refusal](err); ok {
		status = e.status
	}
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "GET, HEAD")
	}
	a := &answer{media: "text/plain; charset=utf-8"}
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		page, failed := show("error", pageOf(nonce, http.StatusText(status), err.Error()))
		if failed == nil {
			send(w, status, page)
			return
		}
	}
	fmt.Fprintf(&a.body, "%s\n", look.Plain(err.Error()))
	send(w, status, a)
}
