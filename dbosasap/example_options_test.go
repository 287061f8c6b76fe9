package dbosasap_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
)

// runIn runs a flow on a file in a folder, with what register makes of the Runtime.
func runIn[In, Out any](folder string, f *flow.Flow[In, Out], in In, register func(*dbosasap.Runtime) error) (out Out, err error) {
	rt, err := dbosasap.Open(context.Background(), "shop", filepath.Join(folder, "shop.db"))
	if err != nil {
		return out, err
	}
	if err := errors.Join(register(rt), rt.Launch()); err != nil {
		return out, err
	}
	defer rt.Shutdown(time.Second)
	return dbosasap.Run(context.Background(), rt, f, in)
}

func temporary() (folder string, remove func()) {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	return folder, func() { os.RemoveAll(folder) }
}

// A context of DBOS says what Open leaves to its defaults: here the process and the
// version of the program by which flows are taken up again.
func ExampleNew() {
	folder, remove := temporary()
	defer remove()
	d, err := dbos.NewContext(context.Background(), dbos.Config{
		AppName:            "greeter",
		DatabaseURL:        "sqlite:" + filepath.Join(folder, "greeter.db"),
		ExecutorID:         "counter-1",
		ApplicationVersion: "2",
		Logger:             slog.Default(),
	})
	if err != nil {
		panic(err)
	}
	rt := dbosasap.New(d)
	if err := errors.Join(dbosasap.Register(rt, greeting), rt.Launch()); err != nil {
		panic(err)
	}
	defer rt.Shutdown(time.Second)
	fmt.Println(dbosasap.Run(context.Background(), rt, greeting, "Ada"))
	fmt.Println(rt.DBOS().GetExecutorID())
	// Output:
	// Hello, Ada <nil>
	// counter-1
}

// The pictures of a Map are made by two at once, in all processes that listen to the
// queue.
func ExampleQueue() {
	folder, remove := temporary()
	defer remove()
	thumbnails := flow.Define("thumbnails", func(g *asap.Group, names *asap.Task[[]string]) *asap.Task[[]string] {
		return g.Map("shrink", names, func(_ context.Context, name string) (string, error) { return "small " + name, nil })
	})
	fmt.Println(runIn(folder, thumbnails, []string{"cat", "dog", "emu"}, func(rt *dbosasap.Runtime) error {
		_, err := dbos.RegisterQueue(rt.DBOS(), "pictures", dbos.WithGlobalConcurrency(2), dbos.WithQueueBasePollingInterval(10*time.Millisecond))
		return errors.Join(err, dbosasap.Register(rt, thumbnails, dbosasap.Task("shrink", dbosasap.Queue("pictures"))))
	}))
	// Output: [small cat small dog small emu] <nil>
}

// A flow in a flow has a history of its own.
func ExampleChild() {
	folder, remove := temporary()
	defer remove()
	invoice := flow.Define("invoice", func(g *asap.Group, amount *asap.Task[int]) *asap.Task[string] {
		return amount.Then("write", func(_ context.Context, n int) (string, error) { return fmt.Sprint("invoice of ", n), nil })
	})
	order := flow.Define("order", func(g *asap.Group, amount *asap.Task[int]) *asap.Task[string] {
		return amount.Then("invoice", invoice.Run)
	})
	fmt.Println(runIn(folder, order, 30, func(rt *dbosasap.Runtime) error {
		return errors.Join(dbosasap.Register(rt, invoice),
			dbosasap.Register(rt, order, dbosasap.Task("invoice", dbosasap.Child(invoice))))
	}))
	// Output: invoice of 30 <nil>
}

// What a body writes with Tx is there exactly once: it is committed with the record
// that the body has run, and rolled back if it fails.
func ExampleTransaction() {
	folder, remove := temporary()
	defer remove()
	db, err := sql.Open("sqlite", filepath.Join(folder, "stock.db"))
	if err != nil {
		panic(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE reserved(item TEXT)"); err != nil {
		panic(err)
	}
	order := flow.Define("order", func(g *asap.Group, item *asap.Task[string]) *asap.Task[string] {
		return item.Then("reserve", func(ctx context.Context, item string) (string, error) {
			_, err := dbosasap.Tx(ctx).Exec(ctx, "INSERT INTO reserved(item) VALUES ($1)", item)
			return item + " is yours", err
		})
	})
	fmt.Println(runIn(folder, order, "bike", func(rt *dbosasap.Runtime) error {
		source, err := dbos.NewDataSource(rt.DBOS(), db)
		return errors.Join(err, dbosasap.Register(rt, order, dbosasap.Task("reserve", dbosasap.Transaction(source))))
	}))
	var n int
	fmt.Println(db.QueryRow("SELECT count(*) FROM reserved").Scan(&n), n)
	// Output:
	// bike is yours <nil>
	// <nil> 1
}

// A body needs its Transaction.
func ExampleTx() {
	defer func() { fmt.Println(recover()) }()
	dbosasap.Tx(context.Background())
	// Output: asap: Tx in a body without one; register its task with Transaction
}

// All bodies run up to three times, but for one that pays, which says itself what is
// final.
func ExampleRetries() {
	folder, remove := temporary()
	defer remove()
	noFunds := errors.New("no funds")
	tries := 0
	order := flow.Define("order", func(g *asap.Group, amount *asap.Task[int]) *asap.Task[string] {
		stock := amount.Then("stock", func(context.Context, int) (string, error) {
			if tries++; tries < 3 {
				return "", errors.New("busy")
			}
			return "shelf 4", nil
		})
		return stock.Then("pay", func(context.Context, string) (string, error) { return "", noFunds })
	})
	fmt.Println(runIn(folder, order, 30, func(rt *dbosasap.Runtime) error {
		policy := dbosasap.RetryPolicy{Attempts: 3, First: time.Millisecond}
		patient := policy
		patient.Attempts, patient.Final = 10, func(err error) bool { return errors.Is(err, noFunds) }
		return dbosasap.Register(rt, order, dbosasap.Retries(policy), dbosasap.Task("pay", dbosasap.Retry(patient)))
	}))
	fmt.Println(tries)
	// Output:
	// pay: no funds
	// 3
}

// A flow whose process dies with it each time is given up after so many starts.
func ExampleWorkflow() {
	folder, remove := temporary()
	defer remove()
	fmt.Println(runIn(folder, greeting, "Ada", func(rt *dbosasap.Runtime) error {
		return dbosasap.Register(rt, greeting, dbosasap.Workflow(dbos.WithMaxRecoveryAttempts(5)))
	}))
	// Output: Hello, Ada <nil>
}

type account struct {
	Owner string
	cache map[string]int // nobody misses it
}

// A type that loses something as JSON is refused, unless who knows says that it may.
func ExampleTrust() {
	folder, remove := temporary()
	defer remove()
	open := flow.Define("open", func(g *asap.Group, owner *asap.Task[string]) *asap.Task[string] {
		made := owner.Then("make", func(_ context.Context, owner string) (account, error) {
			return account{owner, map[string]int{owner: 1}}, nil
		})
		return made.Then("greet", func(_ context.Context, a account) (string, error) {
			return fmt.Sprint("Hello, ", a.Owner, len(a.cache)), nil
		})
	})
	for _, options := range [][]dbosasap.Option{nil, {dbosasap.Trust(account{})}} {
		fmt.Println(runIn(folder, open, "Ada", func(rt *dbosasap.Runtime) error { return dbosasap.Register(rt, open, options...) }))
	}
	// Output:
	// asap: flow open: task make: its value: dbosasap_test.account.cache is not exported and would be lost; export it, give dbosasap_test.account the methods of json.Marshaler and json.Unmarshaler, or say Trust(dbosasap_test.account{})
	// Hello, Ada0 <nil>
}

// A service that takes keys charges once, however often the body runs.
func ExampleKey() {
	folder, remove := temporary()
	defer remove()
	charged := make(map[string]int)
	order := flow.Define("order", func(g *asap.Group, amount *asap.Task[int]) *asap.Task[int] {
		return amount.Then("charge", func(ctx context.Context, n int) (int, error) {
			if _, again := charged[dbosasap.Key(ctx)]; again {
				return n, nil
			}
			charged[dbosasap.Key(ctx)] = n
			return 0, errors.New("the answer was lost")
		})
	})
	fmt.Println(runIn(folder, order, 30, func(rt *dbosasap.Runtime) error {
		return dbosasap.Register(rt, order, dbosasap.Retries(dbosasap.RetryPolicy{Attempts: 2, First: time.Millisecond}))
	}))
	fmt.Println(len(charged))
	// Output:
	// 30 <nil>
	// 1
}
