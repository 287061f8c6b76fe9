package dbosasap_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
)

var greeting = flow.Define("greeting", func(g *asap.Group, name *asap.Task[string]) *asap.Task[string] {
	hello := g.Go("hello", func(context.Context) (string, error) { return "Hello", nil })
	return hello.And(name).Then("join", func(_ context.Context, hello, name string) (string, error) {
		return hello + ", " + name, nil
	})
})

// A flow runs durably with one other line. Run again under the same id it gives what it
// has given, and runs nothing.
func Example() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	ctx := context.Background()
	rt, err := dbosasap.Open(ctx, "greeter", filepath.Join(folder, "greeter.db"))
	if err != nil {
		panic(err)
	}
	if err := dbosasap.Register(rt, greeting, dbosasap.Task("hello", dbosasap.Retry(dbosasap.RetryPolicy{Attempts: 3}))); err != nil {
		panic(err)
	}
	if err := rt.Launch(); err != nil {
		panic(err)
	}
	defer rt.Shutdown(time.Second)

	fmt.Println(dbosasap.Run(ctx, rt, greeting, "Ada", dbos.WithWorkflowID("first")))
	fmt.Println(dbosasap.Run(ctx, rt, greeting, "Bob", dbos.WithWorkflowID("first")))
	// Output:
	// Hello, Ada <nil>
	// Hello, Ada <nil>
}

// A flow that waits for somebody is told what it waits for by its handle, which any
// process can have.
func ExampleStart() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	ctx := context.Background()
	rt, err := dbosasap.Open(ctx, "leave", filepath.Join(folder, "leave.db"))
	if err != nil {
		panic(err)
	}
	leave := flow.Define("leave", func(g *asap.Group, days *asap.Task[int]) *asap.Task[string] {
		approval := flow.Signal[string](g, "approval", asap.Timeout(24*time.Hour))
		return days.And(approval).Then("answer", func(_ context.Context, days int, by asap.Result[string]) (string, error) {
			return fmt.Sprintf("%d days, approved by %s", days, by.Or("nobody")), nil
		})
	})
	if err := dbosasap.Register(rt, leave); err != nil {
		panic(err)
	}
	if err := rt.Launch(); err != nil {
		panic(err)
	}
	defer rt.Shutdown(time.Second)

	h, err := dbosasap.Start(ctx, rt, leave, 3)
	if err != nil {
		panic(err)
	}
	same, err := dbosasap.Attach(rt, leave, h.ID())
	if err != nil {
		panic(err)
	}
	fmt.Println(same.Signal(ctx, "approval", "ada"))
	fmt.Println(h.Wait(ctx))
	run, err := dbosasap.History(rt, leave, h.ID())
	fmt.Println(len(run.Tasks), err)
	// Output:
	// <nil>
	// 3 days, approved by ada <nil>
	// 3 <nil>
}
