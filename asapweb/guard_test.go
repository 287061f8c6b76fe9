package asapweb_test

import (
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
