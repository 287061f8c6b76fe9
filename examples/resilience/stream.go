package resilience

import (
	"context"
	"html/template"
	"net/http"

	"github.com/asap-go/asap"
)

// streamed writes a page whose sections come as they are ready, in any order: the top
// keeps a place for each, and a line of script puts it there. What fails is a section
// that says so.
type streamed struct {
	page     *template.Template // has the templates "top", "section", "bottom"
	sections []section
	limit    int // of fetches at a time
}

type section struct {
	Name  string
	fetch func(context.Context) (string, error)
}

// content is what the template "section" shows.
type content struct {
	Name, Text string
	Err        error
}

func (p *streamed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	lock := make(chan struct{}, 1) // whoever has put something in may write
	write := func(ctx context.Context, name string, data any) error {
		return asap.Blocking(ctx, func() error { // the client may be slow: no slot meanwhile
			select {
			case lock <- struct{}{}:
				defer func() { <-lock }()
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			if err := p.page.ExecuteTemplate(w, name, data); err != nil {
				return err
			}
			return http.NewResponseController(w).Flush()
		})
	}
	g := asap.New(r.Context(), asap.Limit(p.limit))
	defer g.Stop()
	top := g.Do("top", func(ctx context.Context) error { return write(ctx, "top", p.sections) })
	for _, s := range p.sections {
		g.Optional(s.Name, s.fetch).Do("write "+s.Name, func(ctx context.Context, r asap.Result[string]) error {
			return write(ctx, "section", content{s.Name, r.Value, r.Err})
		}, asap.After(top))
	}
	if err := g.Wait(); err != nil {
		panic(http.ErrAbortHandler)
	}
	p.page.ExecuteTemplate(w, "bottom", nil)
}
