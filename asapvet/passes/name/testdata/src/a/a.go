package a

import (
	"context"
	"fmt"

	"github.com/asap-go/asap"
)

func fetch(ctx context.Context) (int, error) { return 0, ctx.Err() }

func names(ctx context.Context, id string) error {
	g := asap.New(ctx)
	defer g.Stop()
	g.Go("user "+id, fetch)                 // want `the name of this task is another one each time`
	g.Go(fmt.Sprintf("user %s", id), fetch) // want `the name of this task is another one each time`
	g.Go("user"+"s", fetch)
	g.Go(id, fetch)
	for i := range 3 {
		g.Go(fmt.Sprint("shard ", i), fetch)
		g.Go(fmt.Sprintf("shard %d", i), fetch)
	}
	return g.Wait()
}
