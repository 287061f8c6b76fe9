package resilience

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var page = template.Must(template.New("").Parse(`
{{- define "top"}}top{{range .}} [{{.Name}}]{{end}}
{{end -}}
{{define "section"}}{{.Name}}: {{if .Err}}not there{{else}}{{.Text}}{{end}}
{{end -}}
{{define "bottom"}}bottom
{{end}}`))

// browser notes when the lines come. A write takes its time, and fails when the
// client has gone; two at once are a mistake.
type browser struct {
	*httptest.ResponseRecorder
	start   time.Time
	takes   time.Duration
	ctx     context.Context
	writing bool
	t       *testing.T
	seen    []string
}

func (b *browser) Flush() {
	if b.writing {
		b.t.Error("two writes at once")
	}
	b.writing = true
	time.Sleep(b.takes)
	b.writing = false
	b.seen = append(b.seen, fmt.Sprintf("%v %s", time.Since(b.start), strings.TrimSpace(b.Body.String())))
	b.Body.Reset()
}

func (b *browser) Write(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.ResponseRecorder.Write(p)
}

func visit(t *testing.T, ctx context.Context, takes time.Duration, limit int, sections ...section) (b *browser, panicked any) {
	b = &browser{ResponseRecorder: httptest.NewRecorder(), start: time.Now(), takes: takes, ctx: ctx, t: t}
	defer func() { panicked = recover() }()
	(&streamed{page, sections, limit}).ServeHTTP(b, httptest.NewRequestWithContext(ctx, "GET", "/", nil))
	b.Flush()
	return b, nil
}

// after answers v, or err, after d.
func after(v string, d time.Duration, err error) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if err := pause(ctx, d); err != nil {
			return "", err
		}
		return v, err
	}
}

func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, panicked := visit(t, t.Context(), 0, 8,
			section{"cart", after("3 & more", 30*ms, nil)},
			section{"ads", after("", 20*ms, errDown)},
			section{"user", after("Ada", 10*ms, nil)})
		want := "0s top [cart] [ads] [user]\n10ms user: Ada\n20ms ads: not there\n30ms cart: 3 &amp; more\n30ms bottom"
		if got := strings.Join(b.seen, "\n"); got != want || panicked != nil {
			t.Errorf("saw\n%s\nand panic %v, want\n%s", got, panicked, want)
		}
	})
}

// A client that takes 25 ms for each write holds up nobody's fetch, though there is one
// at a time: they end at 60 and 70 ms.
func TestStreamSlowClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, panicked := visit(t, t.Context(), 25*ms, 1,
			section{"cart", after("3", 60*ms, nil)},
			section{"user", after("Ada", 10*ms, nil)})
		want := "25ms top [cart] [user]\n85ms cart: 3\n110ms user: Ada\n135ms bottom"
		if got := strings.Join(b.seen, "\n"); got != want || panicked != nil {
			t.Errorf("saw\n%s\nand panic %v, want\n%s", got, panicked, want)
		}
	})
}

// The client goes while a section hangs: the handler ends at once, half done, and
// says so.
func TestStreamClientGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*ms)
		defer cancel()
		start := time.Now()
		b, panicked := visit(t, ctx, 0, 8,
			section{"cart", after("3", time.Hour, nil)},
			section{"user", after("Ada", 10*ms, nil)})
		if err, ok := panicked.(error); !ok || !errors.Is(err, http.ErrAbortHandler) || time.Since(start) != 50*ms || len(b.seen) != 2 {
			t.Errorf("saw %v and panic %v after %v, want two parts and ErrAbortHandler after 50ms", b.seen, panicked, time.Since(start))
		}
	})
}
