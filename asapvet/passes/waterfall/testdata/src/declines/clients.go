package declines

import (
	"context"
	"database/sql"

	"google.golang.org/grpc"
)

// A thingsClient is what is generated for gRPC: the method is known by its full name.
type thingsClient struct{ cc grpc.ClientConnInterface }

func (c *thingsClient) GetThing(ctx context.Context, id int, opts ...grpc.CallOption) (*Item, error) {
	out := new(Item)
	if err := c.cc.Invoke(ctx, "/things.Things/GetThing", id, out, opts...); err != nil {
		return nil, err
	}
	return out, nil
}

func (c *thingsClient) FetchThing(ctx context.Context, id int, opts ...grpc.CallOption) (*Item, error) {
	out := new(Item)
	if err := c.cc.Invoke(ctx, "/things.Things/CreateThing", id, out, opts...); err != nil {
		return nil, err
	}
	return out, nil
}

func remoteReads(ctx context.Context, c *thingsClient) (int, error) {
	a, err := c.GetThing(ctx, 1)
	if err != nil {
		return 0, err
	}
	b, err := c.GetThing(ctx, 2)
	if err != nil {
		return 0, err
	}
	return a.ID + b.ID, nil
}

func remoteWrites(ctx context.Context, c *thingsClient) (int, error) {
	a, err := c.GetThing(ctx, 1)
	if err != nil {
		return 0, err
	}
	b, err := c.FetchThing(ctx, 2)
	if err != nil {
		return 0, err
	}
	return a.ID + b.ID, nil
}

// A UsageRow is the generated result of a query, and no row that has to be closed.
type UsageRow struct{ Bytes int }

type usage struct{ db *sql.DB }

func (u usage) bytes(ctx context.Context) (row UsageRow, err error) {
	return row, u.db.QueryRowContext(ctx, "SELECT 1").Scan(&row.Bytes)
}

func getUsage(ctx context.Context, u usage) (int, error) {
	in, err := u.bytes(ctx)
	if err != nil {
		return 0, err
	}
	out, err := u.bytes(ctx)
	if err != nil {
		return 0, err
	}
	return in.Bytes + out.Bytes, nil
}
