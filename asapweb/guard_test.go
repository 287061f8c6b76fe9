package asapweb_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/asap-go/asap/asapweb"
	"github.com/asap-go/asap/waterfall"
)

func TestWhoMaySeeThePage(t *testing.T) {
	h := newHandler(new(waterfall.Stats))
	tests := []struct {
		name, remote, host string
		header             map[string]string
		refused            string // what the refusal names, or empty
	}{
		{name: "IPv4 loopback", remote: "127.0.0.1:5", host: "127.0.0.1:8080"},
		{name: "all of 127/8", remote: "127.1.2.3:5", host: "127.9.9.9"},
		{name: "IPv6 loopback", remote: "[::1]:5", host: "[::1]:8080"},
		{name: "IPv6 loopback without a port", remote: "[::1]:5", host: "[::1]"},
		{name: "IPv4 in IPv6", remote: "[::ffff:127.0.0.1]:5", host: "localhost"},
		{name: "localhost", remote: "127.0.0.1:5", host: "LocalHost:80"},
		{name: "a name below localhost", remote: "127.0.0.1:5", host: "shop.localhost:80"},
		{name: "localhost with a dot", remote: "127.0.0.1:5", host: "localhost."},
		{name: "another machine", remote: "192.0.2.1:5", host: "localhost", refused: "client 192.0.2.1:5"},
		{name: "another machine in the house", remote: "10.0.0.7:5", host: "localhost", refused: "client 10.0.0.7:5"},
		{name: "link-local", remote: "[fe80::1%eth0]:5", host: "localhost", refused: "client [fe80::1%eth0]:5"},
		{name: "unspecified", remote: "0.0.0.0:5", host: "localhost", refused: "client 0.0.0.0:5"},
		{name: "no address", remote: "", host: "localhost", refused: "client "},
		{name: "a Unix socket", remote: "@", host: "localhost", refused: "client @"},
		{name: "no port", remote: "127.0.0.1", host: "localhost", refused: "client 127.0.0.1"},
		{name: "a name that was rebound", remote: "127.0.0.1:5", host: "evil.example:8080", refused: "host evil.example:8080"},
		{name: "localhost as a label", remote: "127.0.0.1:5", host: "localhost.evil.example", refused: "host localhost.evil.example"},
		{name: "an address as a label", remote: "127.0.0.1:5", host: "127.0.0.1.evil.example", refused: "host 127.0.0.1.evil.example"},
		{name: "an ending that looks right", remote: "127.0.0.1:5", host: "evillocalhost", refused: "host evillocalhost"},
		{name: "an address of the network", remote: "127.0.0.1:5", host: "192.0.2.7:8080", refused: "host 192.0.2.7:8080"},
		{name: "no host", remote: "127.0.0.1:5", host: "", refused: "host "},
		{name: "forged X-Forwarded-For", remote: "192.0.2.1:5", host: "localhost", header: map[string]string{"X-Forwarded-For": "127.0.0.1"}, refused: "client 192.0.2.1:5"},
		{name: "forged X-Real-IP", remote: "192.0.2.1:5", host: "localhost", header: map[string]string{"X-Real-IP": "127.0.0.1"}, refused: "client 192.0.2.1:5"},
		{name: "forged Forwarded", remote: "192.0.2.1:5", host: "localhost", header: map[string]string{"Forwarded": "for=127.0.0.1"}, refused: "client 192.0.2.1:5"},
		{name: "a proxy on this machine", remote: "127.0.0.1:5", host: "localhost", header: map[string]string{"X-Forwarded-For": "192.0.2.1"}, refused: "header X-Forwarded-For"},
		{name: "a proxy that says nothing of whom", remote: "127.0.0.1:5", host: "localhost", header: map[string]string{"Via": "1.1 proxy"}, refused: "header Via"},
		{name: "a proxy with an empty header", remote: "127.0.0.1:5", host: "localhost", header: map[string]string{"X-Forwarded-For": ""}, refused: "header X-Forwarded-For"},
		{name: "a program that goes on", remote: "127.0.0.1:5", host: "localhost", header: map[string]string{"Connection": "Keep-Alive"}},
		{name: "a proxy that does not go on", remote: "127.0.0.1:5", host: "localhost", header: map[string]string{"Connection": "close"}, refused: "header Connection: close"},
		{name: "a proxy that is set up for web sockets", remote: "127.0.0.1:5", host: "localhost", header: map[string]string{"Connection": "Upgrade"}, refused: "header Connection: upgrade"},
		{name: "a browser", remote: "127.0.0.1:5", host: "localhost", header: map[string]string{"User-Agent": "Mozilla/5.0", "Connection": "keep-alive"}},
		{name: "a browser behind a proxy that leaves no trace", remote: "127.0.0.1:5", host: "localhost", header: map[string]string{"User-Agent": "Mozilla/5.0"}, refused: "a browser without the header Connection: keep-alive"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, h, "", func(r *http.Request) {
				r.RemoteAddr, r.Host = tt.remote, tt.host
				for k, v := range tt.header {
					r.Header.Set(k, v)
				}
			})
			if tt.refused == "" {
				if w.Code != http.StatusOK {
					t.Errorf("GET from %s of %s = %d %s, want 200", tt.remote, tt.host, w.Code, w.Body)
				}
				return
			}
			if w.Code != http.StatusForbidden || !strings.HasPrefix(w.Body.String(), tt.refused+":") || !strings.Contains(w.Body.String(), "asapweb.Allow") {
				t.Errorf("GET from %s of %s = %d %s, want 403 that begins with %q and names asapweb.Allow", tt.remote, tt.host, w.Code, w.Body, tt.refused)
			}
		})
	}
}

// What proxies say of themselves, by their documentation.
func TestHeadersOfProxies(t *testing.T) {
	h := newHandler(new(waterfall.Stats))
	for of, names := range map[string]string{
		"the standard":            "Forwarded Via Max-Forwards Proxy-Authorization Proxy-Connection",
		"nearly all":              "X-Forwarded-For X-Forwarded-Host X-Forwarded-Port X-Forwarded-Proto X-Forwarded-Server X-Forwarded-Prefix X-Forwarded-Scheme X-Forwarded-Ssl X-Forwarded-By X-Forwarded-User X-Forwarded-Uri X-Forwarded X-Forwarded-Tls-Client-Cert Forwarded-For X-Forwarded-Client-Cert X-Real-Ip X-Client-Ip Client-Ip X-Cluster-Client-Ip Remote-Addr X-Remote-Addr X-Remote-Ip",
		"nginx and its ingress":   "X-Original-Forwarded-For X-Original-Uri X-Original-Url X-Original-Method X-Scheme X-Request-Start Ssl-Client-Cert Ssl-Client-Verify X-Host",
		"Envoy and Istio":         "X-Envoy-External-Address X-Envoy-Internal X-Envoy-Original-Path X-Envoy-Expected-Rq-Timeout-Ms X-Envoy-Attempt-Count X-Envoy-Peer-Metadata",
		"IIS, Azure and ASP.NET":  "X-Original-Host X-Original-For X-Original-Proto X-Arr-Ssl X-Arr-Log-Id X-Azure-Clientip X-Azure-Socketip X-Azure-Ref X-Azure-Fdid X-Fd-Healthprobe X-Appgw-Trace-Id Front-End-Https X-Rewrite-Url",
		"AWS":                     "X-Amzn-Trace-Id X-Amzn-Tls-Version X-Amzn-Mtls-Clientcert X-Amz-Cf-Id Cloudfront-Viewer-Address Cloudfront-Forwarded-Proto",
		"Google":                  "X-Cloud-Trace-Context X-Appengine-User-Ip X-Appengine-Country X-Goog-Iap-Jwt-Assertion",
		"Cloudflare":              "Cf-Connecting-Ip Cf-Connecting-Ipv6 Cf-Ray Cf-Visitor Cf-Ipcountry Cf-Worker Cf-Access-Jwt-Assertion Cdn-Loop True-Client-Ip",
		"Fastly, Akamai, Fly":     "Fastly-Client-Ip Fastly-Ssl X-Fastly-Orig-Host Akamai-Origin-Hop X-Akamai-Edgescape Surrogate-Capability Fly-Client-Ip Fly-Forwarded-Port Fly-Region",
		"Heroku, Vercel, Netlify": "X-Request-Start X-Vercel-Id X-Vercel-Forwarded-For X-Nf-Client-Connection-Ip X-Nf-Request-Id",
		"others":                  "X-Varnish X-Kong-Request-Id X-Bluecoat-Via Wl-Proxy-Client-Ip Wl-Proxy-Ssl Proxy-Client-Ip X-Proxyuser-Ip X-Iinfo Incap-Client-Ip Ali-Cdn-Real-Ip Cdn-Src-Ip X-Cdn-Src-Port Tailscale-User-Login X-Auth-Request-User X-Ssl-Client-Verify X-Client-Cert X-Accel-Mapping X-Sendfile-Type X-Real-Port X-Client-Port X-Tls-Client-Cert Remote-User Remote-Groups X-Authentik-Username X-Ms-Client-Principal-Name X-Webauth-User X-Edge-Location Early-Data Eagleid Ali-Swift-Stat-Host",
		"hosts of programs":       "X-Render-Origin-Server Rndr-Id X-Do-App-Origin Do-Connecting-Ip X-Railway-Edge X-Koyeb-Route X-Ms-Containerapp-Name X-K8se-App-Name Disguised-Host Was-Default-Hostname X-Waws-Unencoded-Url Connect-Time Total-Route-Time K-Proxy-Request Function-Execution-Id Now-Real-Ip",
		"gateways":                "X-Consumer-Id X-Credential-Identifier X-Authenticated-Userid X-Apigee-Request-Id X-Tyk-Nodeid X-Gateway-Id L5d-Dst-Canonical L5d-Client-Id X-Linkerd-Ctx-Trace X-Pomerium-Jwt-Assertion Client-Cert X-Client-Ssl",
		"what one writes by hand": "X-Proto X-Protocol X-Port X-Real-Host X-Real-Proto X-Https Https Ssl X-Lb X-Client X-Origin X-Peer X-Backend X-Upstream X-Country X-Cache X-Served-By X-Tunnel-Id Client_ip X_forwarded_for Xroxy-Connection X-Anything",
	} {
		for name := range strings.FieldsSeq(names) {
			w := get(t, h, "", func(r *http.Request) { r.Header.Set(name, "1") })
			if w.Code != http.StatusForbidden || !strings.HasPrefix(w.Body.String(), "header "+http.CanonicalHeaderKey(name)+": a proxy") {
				t.Errorf("%s, of %s = %d %s, want 403 that names it", name, of, w.Code, withoutAssets(w.Body.String()))
			}
		}
	}
	if w := get(t, h, "", func(r *http.Request) { r.Proto, r.ProtoMinor = "HTTP/1.0", 0 }); w.Code != http.StatusForbidden || !strings.HasPrefix(w.Body.String(), "HTTP/1.0: a proxy") {
		t.Errorf("HTTP/1.0 = %d %s, want 403 that names it", w.Code, withoutAssets(w.Body.String()))
	}
	http2 := func(agent string) func(*http.Request) {
		return func(r *http.Request) {
			r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
			r.Header.Set("User-Agent", agent)
		}
	}
	if w := get(t, h, "", http2("Mozilla/5.0")); w.Code != http.StatusForbidden || !strings.HasPrefix(w.Body.String(), "a browser that speaks HTTP/2.0 without TLS: a proxy") {
		t.Errorf("a browser by HTTP/2 without TLS = %d %s, want 403 that names it", w.Code, withoutAssets(w.Body.String()))
	}
	for _, change := range []func(*http.Request){http2("curl/8.9"), func(r *http.Request) { http2("Mozilla/5.0")(r); r.TLS = new(tls.ConnectionState) }} {
		if w := get(t, h, "", change); w.Code != http.StatusOK {
			t.Errorf("HTTP/2 of a program, or with TLS = %d %s, want 200", w.Code, withoutAssets(w.Body.String()))
		}
	}
	// What browsers and programs say, directly.
	w := get(t, h, "", func(r *http.Request) {
		for name := range strings.FieldsSeq("Accept Accept-Encoding Accept-Language Authorization Cache-Control Cookie Dnt If-Modified-Since If-None-Match Origin Pragma Priority Range Referer Save-Data Sec-Ch-Ua Sec-Ch-Ua-Mobile Sec-Ch-Ua-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User Sec-Gpc Te Upgrade-Insecure-Requests X-Requested-With Traceparent Tracestate Baggage B3 X-B3-Traceid X-B3-Sampled X-Request-Id X-Correlation-Id X-Datadog-Trace-Id X-Ot-Span-Context X-Prometheus-Scrape-Timeout-Seconds X-Csrf-Token Device-Memory Downlink Ect Rtt Viewport-Width Purpose Content-Type Content-Length Expect From Keep-Alive Prefer Upgrade Uber-Trace-Id Sentry-Trace Newrelic Access-Control-Request-Method Service-Worker Sec-Purpose Idempotency-Key") {
			r.Header.Set(name, "1")
		}
		r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)")
		r.Header.Set("Connection", "keep-alive")
	})
	if w.Code != http.StatusOK {
		t.Errorf("with the headers of a browser = %d %s, want 200", w.Code, withoutAssets(w.Body.String()))
	}
}

func TestAllow(t *testing.T) {
	ours := asapweb.Allow(func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer sesame" })
	stranger := func(r *http.Request) { r.RemoteAddr, r.Host = "192.0.2.1:5", "shop.example" }
	with := func(r *http.Request) { r.Header.Set("Authorization", "Bearer sesame") }
	h := newHandler(new(waterfall.Stats), ours, nil)
	if w := get(t, h, "", stranger, with); w.Code != http.StatusOK {
		t.Errorf("with what Allow asks for: %d %s, want 200", w.Code, w.Body)
	}
	if w := get(t, h, ""); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "asapweb.Allow refused") {
		t.Errorf("without it, from this machine: %d %s, want 403: Allow replaces the check", w.Code, w.Body)
	}
	h = newHandler(new(waterfall.Stats), ours, asapweb.Allow(nil))
	if w := get(t, h, "", stranger, with); w.Code != http.StatusForbidden {
		t.Errorf("after Allow(nil): %d, want 403 for a stranger", w.Code)
	}
}

// A refusal tells nothing of the program, whatever was asked for.
func TestRefusalComesFirst(t *testing.T) {
	stats := new(waterfall.Stats)
	stats.Add(checkout("secret", 3e6, 1))
	h := newHandler(stats)
	for _, query := range []string{"", "?group=secret", "?run=1", "?run=1&format=json", "?nonsense=1", "?run=99"} {
		for _, method := range []string{"GET", "POST"} {
			w := get(t, h, query, func(r *http.Request) { r.RemoteAddr, r.Method = "192.0.2.1:5", method })
			if body := w.Body.String(); w.Code != http.StatusForbidden || strings.Contains(body, "secret") {
				t.Errorf("%s %s from elsewhere = %d %s, want 403 without a name", method, query, w.Code, body)
			}
		}
	}
}

// Over a real connection: the server's own address decides.
func TestOverAConnection(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/debug/asap/", newHandler(new(waterfall.Stats)))
	server := httptest.NewServer(mux)
	defer server.Close()
	res, err := http.Get(server.URL + "/debug/asap/")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), "Where the time goes") {
		t.Errorf("GET = %d, %v: %s", res.StatusCode, err, body)
	}
}
