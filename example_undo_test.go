package asap_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asap-go/asap"
)

// What has been reserved and charged is given back when the order fails, the charge
// first, since it came after the reservation.
func ExampleTask_Undo() {
	reserve := func(context.Context) (string, error) { return "shelf 7", nil }
	charge := func(_ context.Context, shelf string) (int, error) { return 42, nil }
	ship := func(context.Context, int) (string, error) { return "", errors.New("no courier") }

	_, err := asap.Run(context.Background(), func(g *asap.Group) func() string {
		stock := g.Go("stock", reserve).Undo(func(_ context.Context, shelf string) error {
			fmt.Println("free", shelf)
			return nil
		})
		paid := stock.Then("charge", charge).Undo(func(ctx context.Context, payment int) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second) // ctx has no end of its own
			defer cancel()
			fmt.Println("refund", payment)
			return ctx.Err()
		})
		return paid.Then("parcel", ship).Value
	})
	fmt.Println(err)
	// Output:
	// refund 42
	// free shelf 7
	// parcel: no courier
}

// Of two connections that are made at once, the one that comes too late is closed.
func ExampleTask_Undo_race() {
	type conn struct{ to string }
	dialing := make(chan struct{})
	mirror := func(context.Context) (*conn, error) {
		<-dialing
		return &conn{"mirror"}, nil
	}
	origin := func(ctx context.Context) (*conn, error) {
		close(dialing)
		<-ctx.Done() // mirror has won, and this one connects all the same
		return &conn{"origin"}, nil
	}
	c, err := asap.Run(context.Background(), func(g *asap.Group) func() *conn {
		return g.Race("dial", mirror, origin).
			Undo(func(_ context.Context, c *conn) error {
				fmt.Println("close", c.to)
				return nil
			}).Value
	})
	fmt.Println("connected to", c.to, err)
	// Output:
	// close origin
	// connected to mirror <nil>
}
