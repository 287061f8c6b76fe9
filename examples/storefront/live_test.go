package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/examples/storefront/services"
)

// gates hold every call of a page until it is let go.
type gates map[string]chan struct{}

func (g gates) hold(ctx context.Context, call string) {
	if name, _, ok := strings.Cut(call, " "); ok {
		call = name // of every price
	}
	select {
	case <-g[call]:
	case <-ctx.Done():
	}
}

func openHeld(t *testing.T) (*world, gates) {
	g := make(gates)
	for _, call := range []string{"platform", "currencies", "cart", "products", "price", "ad"} {
		g[call] = make(chan struct{})
	}
	w := open(t, nil)
	w.hold = g.hold
	return w, g
}

// get begins to read an answer.
func (w *world) get(path string) *http.Response {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), "GET", w.url+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("X-Request-Id", "home")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { res.Body.Close() })
	return res
}

// Each field is sent when it is there, in whatever order that is, and nothing
// waits for what is not. All lines in one object are the page.
func TestLiveOrder(t *testing.T) {
	for _, order := range [][]string{
		{"page", "notice=platform", "currencies", "cartSize=cart", "products=products price", "ad"},
		{"page", "ad", "products=products price", "cartSize=cart", "currencies", "notice=platform"},
	} {
		w, held := openHeld(t)
		lines := bufio.NewReader(w.get("/?page=2&format=ndjson").Body)
		all := make(map[string]any)
		for _, step := range order {
			field, calls, other := strings.Cut(step, "=")
			if !other {
				calls = field
			}
			for call := range strings.FieldsSeq(calls) {
				if call != "page" { // which needs none
					close(held[call])
				}
			}
			line, err := lines.ReadBytes('\n')
			got := make(map[string]any)
			if err := errors.Join(err, json.Unmarshal(line, &got)); err != nil || len(got) != 1 || got[field] == nil {
				t.Fatalf("line %q, %v; want %s", line, err, field)
			}
			maps.Copy(all, got)
		}
		if more, err := io.ReadAll(lines); err != nil || len(more) > 0 {
			t.Errorf("after the last field: %q, %v", more, err)
		}
		_, body := w.ask(page{"home", "/?page=2", nil}, ASAP, "json")
		whole := make(map[string]any)
		if err := json.Unmarshal([]byte(body), &whole); err != nil || !reflect.DeepEqual(all, whole) {
			t.Errorf("the lines together are\n%v, want\n%v, %v", all, whole, err)
		}
	}
}

// The shell is sent before any call has been made, and a field has its slot in it.
func TestLiveShell(t *testing.T) {
	w, held := openHeld(t)
	res := w.get("/")
	body := bufio.NewReader(res.Body)
	read := func(until string) string {
		t.Helper()
		var all strings.Builder
		for !strings.HasSuffix(all.String(), until) {
			b, err := body.ReadByte()
			if err != nil {
				t.Fatalf("%v before %q:\n%s", err, until, all.String())
			}
			all.WriteByte(b)
		}
		return all.String()
	}
	shell := read("</script>")
	if res.Header.Get("X-Accel-Buffering") != "no" || res.Header.Get("Content-Length") != "" {
		t.Errorf("headers %v, want no buffering on the way", res.Header)
	}
	for _, field := range []string{"notice", "currencies", "cartSize", "products", "ad", "panel", "problem"} {
		if !strings.Contains(shell, `<slot name="`+field+`">`) {
			t.Errorf("the shell has no slot for %s:\n%s", field, shell)
		}
	}
	close(held["ad"])
	if got := read("</div>"); !strings.Contains(got, `<div slot="ad">`) || strings.Count(got, "slot=") != 1 {
		t.Errorf("first field: %s; want the ad alone", got)
	}
	for call, gate := range held {
		if call != "ad" {
			close(gate)
		}
	}
	if rest := read("</html>"); !strings.Contains(rest, `<div slot="products">`) || !strings.Contains(rest, "its 14 calls together") || strings.Contains(rest, "missing") {
		t.Errorf("rest of the page:\n%s", rest)
	}
}

// What fails after the shell has no status: it is told in the page.
func TestLiveFailure(t *testing.T) {
	w := open(t, nil)
	w.Services.Break("currency", services.Down)
	for format, want := range map[string][]string{
		"html":   {"Somebody we depend on let us down", "currency service: down", `<div slot="products"><p class="absent">`, `<div slot="panel">`, "</html>"},
		"ndjson": {`"code":502,"error":"`, "currency service: down"},
	} {
		code, body := w.ask(page{"home", "/", nil}, ASAP, format)
		for _, want := range want {
			if code != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("%s: status %d, want 200, and %s in\n%s", format, code, want, body)
			}
		}
	}
	if code, body := w.ask(page{"home", "/?page=0", nil}, ASAP, "ndjson"); code != http.StatusBadRequest || !strings.HasPrefix(body, `{"code":400`) {
		t.Errorf("what fails before the first line: status %d, %s; want 400", code, body)
	}
}

// What is late is left out where it would be, after what was not.
func TestLiveLate(t *testing.T) {
	w := open(t, func(c *settings) { c.Patience = 300 * time.Millisecond })
	w.Services.Break("ads", services.Slow)
	const says = "ads service: no answer within 300ms"
	_, body := w.ask(page{"home", "/", nil}, ASAP, "html")
	if i, j := strings.Index(body, `<div slot="notice">`), strings.Index(body, says); i < 0 || j < i {
		t.Errorf("want the notice and then %q:\n%s", says, body)
	}
	_, body = w.ask(page{"home", "/", nil}, ASAP, "ndjson")
	if !strings.Contains(body, `{"ad":{"value":{"product":0,"text":""},"why":"`+says+`"}}`+"\n") {
		t.Errorf("want a line that says %q:\n%s", says, body)
	}
}

// Other pages and ways have one line.
func TestOneLine(t *testing.T) {
	w := open(t, nil)
	for p, m := range map[string]Mode{"/?page=2": Errgroup, "/product/12": ASAP} {
		_, body := w.ask(page{"home", p, nil}, m, "json")
		_, line := w.ask(page{"home", p, nil}, m, "ndjson")
		if without, err := same([]byte(body), []byte(line)); strings.Count(line, "\n") != 1 || err != nil || without > 0 {
			t.Errorf("%s, %s: %d %v: %s", p, m, without, err, line)
		}
	}
}

// returns is a handler that tells when it has returned.
func returns(h http.Handler) (http.Handler, chan struct{}) {
	done := make(chan struct{}, 1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { done <- struct{}{} }()
		h.ServeHTTP(w, r)
	}), done
}

// When a visitor leaves, his page's group ends, though a service takes an hour.
func TestLiveVisitorLeaves(t *testing.T) {
	w := open(t, nil)
	w.Services.Break("ads", services.Slow)
	h, returned := returns(w.Handler())
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	leave()
	<-returned
}

// A visitor who reads nothing holds up nobody for longer than the shop bears it.
func TestLiveUnread(t *testing.T) {
	w := open(t, func(c *settings) { c.unread = 50 * time.Millisecond })
	h, returned := returns(w.Handler())
	here, there := net.Pipe() // holds nothing that is not read
	server := &http.Server{Handler: h}
	defer server.Close()
	go server.Serve(&oneConn{conn: here, closed: make(chan struct{})}) // ends with Close
	if _, err := io.WriteString(there, "GET / HTTP/1.1\r\nHost: shop\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-returned
}

// oneConn listens, and accepts one connection.
type oneConn struct {
	conn   net.Conn
	closed chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}
func (l *oneConn) Close() error   { close(l.closed); return nil }
func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }
