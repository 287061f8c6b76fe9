package resilience

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
)

func part(v string, err error) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return v, err }
}

// get serves one request over loopback, and returns what the client has read.
func get(t *testing.T, h http.Handler) (status int, body string, reported any, err error) {
	t.Helper()
	server := httptest.NewUnstartedServer(recovered(h, func(p any) { reported = p }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	r, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return r.StatusCode, string(b), reported, err
}

func TestExport(t *testing.T) {
	status, body, reported, err := get(t, export(part("a\n", nil), part("b\n", nil), part("c\n", nil)))
	if status != 200 || body != "a\nb\nc\n" || reported != nil || err != nil {
		t.Errorf("got %d %q, %v, reported %v, want the whole file", status, body, err, reported)
	}
}

// The client must not take half a file for a whole one.
func TestExportHalfDone(t *testing.T) {
	status, body, reported, err := get(t, export(part("a\n", nil), part("", errDown), part("c\n", nil)))
	if status != 200 || body != "a\n" || reported != nil || err == nil {
		t.Errorf("got %d %q, %v, reported %v, want the first part and an error", status, body, err, reported)
	}
}

// Any other panic is reported, with the name of its task.
func TestExportPanics(t *testing.T) {
	status, _, reported, err := get(t, export(func(context.Context) (string, error) { panic("no table") }))
	if p, ok := reported.(interface{ Error() string }); status != 500 || err != nil || !ok || p.Error() == "" {
		t.Errorf("got %d, %v, reported %v, want 500 and a report", status, err, reported)
	}
}
