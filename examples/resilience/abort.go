package resilience

import (
	"context"
	"io"
	"net/http"

	"github.com/asap-go/asap"
)

// export writes the parts to the client as they come, in order. If one is not to be
// had after the first bytes have been sent, it panics with http.ErrAbortHandler: only
// so does the client see that its file is not whole. The panic of a body is the panic
// of Wait, with the same value, so that middleware which knows it by identity does.
func export(parts ...func(context.Context) (string, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g := asap.New(r.Context())
		defer g.Stop()
		written := g.Input("header", struct{}{})
		for _, fetch := range parts {
			part := g.Optional("part", fetch)
			written = part.Do("write", func(ctx context.Context, part asap.Result[string]) error {
				if part.Err != nil {
					panic(http.ErrAbortHandler)
				}
				io.WriteString(w, part.Value)
				return http.NewResponseController(w).Flush()
			}, asap.After(written))
		}
		if err := g.Wait(); err != nil {
			panic(http.ErrAbortHandler) // the client has gone
		}
	})
}

// recovered is the usual middleware: panics are a 500, but for the one that is meant
// for the server.
func recovered(next http.Handler, report func(any)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == http.ErrAbortHandler {
				panic(p)
			}
			if p != nil {
				report(p)
				http.Error(w, "internal server error", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}
