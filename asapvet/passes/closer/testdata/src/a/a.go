package a

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/asap-go/asap"
)

func get(ctx context.Context) (*http.Response, error) { return nil, ctx.Err() }
func query(ctx context.Context) (*sql.Rows, error)    { return nil, ctx.Err() }
func fetch(ctx context.Context) (int, error)          { return 0, ctx.Err() }

func closes(ctx context.Context) (int, error) {
	g := asap.New(ctx)
	defer g.Stop()
	resp := g.Go("resp", get)
	rows := g.Go("rows", query)
	n := g.Go("n", fetch)
	if err := g.Wait(); err != nil {
		return 0, err
	}
	resp.Value().Body.Close() // want `\*net/http.Response has to be closed, and the context that task resp opened it with has ended with the group`
	rows.Value().Close()      // want `\*database/sql.Rows has to be closed`
	return n.Value(), nil
}
