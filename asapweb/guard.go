package asapweb

import (
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// guard refuses whoever may not see the page.
func (h *handler) guard(r *http.Request) error {
	if h.allow != nil {
		if h.allow(r) {
			return nil
		}
		return refuse(http.StatusForbidden, "this page is not for you: asapweb.Allow refused the request")
	}
	const hint = "; this page answers on this machine only, unless its program is given asapweb.Allow"
	if !fromHere(r.RemoteAddr) {
		return refuse(http.StatusForbidden, "client %s: not on this machine%s", r.RemoteAddr, hint)
	}
	if !toHere(r.Host) {
		return refuse(http.StatusForbidden, "host %s: not a name of this machine, as localhost is%s", r.Host, hint)
	}
	if sign := forwarded(r); sign != "" {
		return refuse(http.StatusForbidden, "%s: a proxy is between the client and this machine%s", sign, hint)
	}
	return nil
}

// fromHere tells whether a connection comes from a loopback address.
func fromHere(remote string) bool {
	a, err := netip.ParseAddrPort(remote)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// toHere tells whether a client meant this machine: a site that makes its own
// name resolve to 127.0.0.1 (DNS rebinding) still sends that name.
func toHere(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// forwarded returns what shows that a proxy has passed a request on, or "". It
// cannot show that none has: a proxy may leave no trace.
func forwarded(r *http.Request) string {
	if !r.ProtoAtLeast(1, 1) { // nginx before 1.29.7, unless told otherwise
		return r.Proto
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if ofProxy(strings.ToLower(name)) {
			return "header " + name
		}
	}
	// Connection is for whoever is at the other end of it, so a proxy does not
	// pass the client's on. Every browser sends keep-alive; nginx with HTTP/1.1
	// sends close, or upgrade where it is set up for web sockets, or none.
	said := strings.ToLower(strings.Join(r.Header["Connection"], ", "))
	browser := strings.HasPrefix(r.UserAgent(), "Mozilla/")
	switch {
	case r.ProtoMajor != 1 && r.TLS == nil && browser:
		return "a browser that speaks " + r.Proto + " without TLS"
	case r.ProtoMajor != 1 || strings.Contains(said, "keep-alive"):
		return ""
	case said != "":
		return "header Connection: " + said
	case browser:
		return "a browser without the header Connection: keep-alive"
	}
	return ""
}

// ofProxy tells whether a header, its name in lower case, is one that proxies add
// and clients do not. Those of tracing are no sign: clients have them as well.
func ofProxy(name string) bool {
	name = strings.ReplaceAll(name, "_", "-") // as some write them
	for _, word := range proxyWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	for _, start := range proxyStarts {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	for _, end := range proxyEnds {
		if name == end || strings.HasSuffix(name, "-"+end) {
			return true
		}
	}
	return slices.Contains(proxyNames, name) || strings.HasPrefix(name, "x-") && !ofClient(name)
}

// ofClient tells whether a header that begins with X- is one of browsers, scrapers and
// clients that trace or authenticate themselves. Of all others there are too many to list.
func ofClient(name string) bool {
	for _, start := range clientStarts {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	return slices.Contains(clientNames, name)
}

var (
	// Forwarded and what begins so (RFC 7239), X-Forwarded-For and its kin,
	// X-Forwarder-For, Fly-Forwarded-Port, Max-Forwards; Proxy-Client-IP,
	// WL-Proxy-SSL, X-Proxy-…, Xroxy-Connection
	proxyWords = []string{"forward", "proxy", "xroxy"}

	// Client-IP, X-Real-IP, True-Client-IP, CF-Connecting-IP, X-Azure-ClientIP,
	// X-Remote-Addr, Via, X-BlueCoat-Via, X-Cluster-IP, …
	proxyEnds = []string{"ip", "clientip", "addr", "via"}

	// Of Envoy and Istio, of IIS, Azure and ASP.NET, of AWS, of Cloudflare, Fastly,
	// Akamai and Fly, of Google, Heroku and Vercel, of Kong, Varnish, Tailscale,
	// oauth2-proxy, and of what ends TLS for others. Those with X- are refused as
	// all are that no client sends; some would pass for one's.
	proxyStarts = []string{
		"x-amzn-", "x-appengine-", "x-auth-request-", "cloudfront-", "cf-", "cdn-", "fastly-", "akamai-", "fly-",
		"tailscale-", "ssl-", "client-", "remote-", "ali-", "eo-", "l5d-", "rndr-", "surrogate-", "true-client-", "incap-", "edge-", "now-", "do-", "k-",
	}

	proxyNames = []string{
		"front-end-https", "x-cloud-trace-context", "early-data", "eagleid", "eagleeye-traceid", "https", "ssl", "disguised-host",
		"was-default-hostname", "connect-time", "total-route-time", "function-execution-id", "baqend-speedkit-config", "msisdn",
	}

	clientStarts = []string{"x-b3-", "x-datadog-", "x-ot-", "x-prometheus-", "x-newrelic-", "x-sentry-", "x-honeycomb-", "x-instana-"}

	clientNames = []string{
		"x-requested-with", "x-request-id", "x-correlation-id", "x-csrf-token", "x-xsrf-token", "x-api-key", "x-auth-token", "x-http-method-override",
		"x-moz", "x-purpose", "x-client-data", "x-devtools-request-id", "x-devtools-emulate-network-conditions-client-id",
		"x-trace-id", "x-span-id", "x-parent-id", "x-scope-orgid",
	}
)
