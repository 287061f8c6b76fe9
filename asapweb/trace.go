package asapweb

import (
	"net/url"
	"strings"

	"github.com/asap-go/asap/internal/look"
)

// TraceLink gives the address at which a trace is shown, by its ID: then the page
// of a run with a trace ID links it. A [waterfall.Stats] with a TraceID knows
// those. Only addresses of the schemes http and https become links, and an empty
// one makes none. The function is called for every page of such a run, at the same
// time for several. Given twice, the last wins.
func TraceLink(address func(traceID string) string) Option {
	return option(func(h *handler) { h.traceLink = address })
}

// traceRef is the trace of a run, as a page shows it.
type traceRef struct{ ID, Link string }

func (h *handler) trace(id string) *traceRef {
	if id == "" {
		return nil
	}
	t := &traceRef{ID: look.Plain(id)}
	if h.traceLink != nil {
		t.Link = safeLink(h.traceLink(id))
	}
	return t
}

// safeLink is an address that may be a link, or else empty.
func safeLink(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	if scheme := strings.ToLower(u.Scheme); scheme != "http" && scheme != "https" {
		return ""
	}
	return u.String()
}
