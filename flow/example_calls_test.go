package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// answerFrom is what comes back from where a body runs.
type answerFrom struct {
	Value json.RawMessage
	Exit  *int
	Err   *asap.TaskError
}

// farAway is an engine whose bodies run elsewhere: arguments, values and errors
// cross as JSON. Only the names of the bodies are the same on both sides.
type farAway struct {
	bodies map[string]*flow.Call // of the other process
	calls  []*flow.Call
	dones  []func(error)
}

func newFarAway[In, Out any](f *flow.Flow[In, Out]) *farAway {
	calls, err := f.Calls()
	if err != nil {
		panic(err)
	}
	e := &farAway{bodies: make(map[string]*flow.Call)}
	for _, c := range calls {
		e.bodies[c.Body] = c
	}
	return e
}

// serve is the other process.
func (e *farAway) serve(body, task string, args []byte) (r answerFrom) {
	c := *e.bodies[body]
	c.Task = task
	fn := reflect.TypeOf(c.Func)
	var types []reflect.Type
	for i := 1; i < fn.NumIn(); i++ {
		types = append(types, fn.In(i))
	}
	for _, need := range c.Needs { // what the body reads with Get
		types = append(types, need.Type)
	}
	var parts []json.RawMessage
	_ = json.Unmarshal(args, &parts)
	for i, t := range types {
		p := reflect.New(t)
		_ = json.Unmarshal(parts[i], p.Interface())
		c.In = append(c.In, p.Elem().Interface())
	}
	if c.Out != nil {
		c.Out = reflect.New(fn.Out(0)).Interface()
	}
	err := c.Invoke(context.Background())
	if exit, value, ok := c.Exited(err); ok {
		r.Exit = &exit
		r.Value, _ = json.Marshal(value)
	} else if err != nil {
		r.Err = &asap.TaskError{Task: task, Err: err}
	} else {
		r.Value, _ = json.Marshal(c.Out)
	}
	return r
}

func (e *farAway) Start(call *flow.Call, done func(error)) {
	e.calls, e.dones = append(e.calls, call), append(e.dones, done)
}

func (e *farAway) Step() error {
	call, done := e.calls[0], e.dones[0]
	e.calls, e.dones = e.calls[1:], e.dones[1:]
	args, _ := json.Marshal(call.In)
	wire, _ := json.Marshal(e.serve(call.Body, call.Task, args))
	var r answerFrom
	_ = json.Unmarshal(wire, &r)
	switch {
	case r.Exit != nil:
		done(call.Exit(*r.Exit, func(into any) error { return json.Unmarshal(r.Value, into) }))
	case r.Err != nil:
		done(r.Err.Err)
	case call.Out != nil:
		done(json.Unmarshal(r.Value, call.Out))
	default:
		done(nil)
	}
	return nil
}

func (e *farAway) Cancel(error) {}

var lookup = flow.Define("lookup", func(g *asap.Group, id *asap.Task[int]) *asap.Task[string] {
	hit := g.NewExit[string]()
	id.Do("cache", func(_ context.Context, id int) error {
		if id == 1 {
			return hit.With("cached")
		}
		return nil
	})
	ids := id.Then("ids", func(_ context.Context, id int) ([]int, error) { return []int{id, id + 1}, nil })
	names := g.Map("name", ids, func(_ context.Context, id int) (string, error) {
		if id == 3 {
			return "", &fs.PathError{Op: "read", Path: "3", Err: fs.ErrNotExist}
		}
		return fmt.Sprint("name", id), nil
	})
	return names.Then("join", func(_ context.Context, names []string) (string, error) { return fmt.Sprint(names), nil })
})

func ExampleFlow_Calls() {
	calls, err := lookup.Calls()
	for _, c := range calls {
		fmt.Printf("%s/%s: %T\n", c.Flow, c.Body, c.Func)
	}
	fmt.Println(err)
	// Output:
	// lookup/cache: func(context.Context, int) error
	// lookup/ids: func(context.Context, int) ([]int, error)
	// lookup/name[]: func(context.Context, int) (string, error)
	// lookup/join: func(context.Context, []string) (string, error)
	// <nil>
}

func ExampleFlow_Name() {
	fmt.Println(lookup.Name())
	// Output: lookup
}

func ExampleCall_Invoke() {
	calls, err := lookup.Calls()
	if err != nil {
		fmt.Println(err)
		return
	}
	c := *calls[slices.IndexFunc(calls, func(c *flow.Call) bool { return c.Body == "name[]" })]
	var name string
	c.In, c.Out = []any{7}, &name
	fmt.Println(c.Invoke(context.Background()), name)
	// Output: <nil> name7
}

func ExampleCall_Exit() {
	for id := range 4 {
		s, err := lookup.With(flow.On(newFarAway(lookup))).Run(context.Background(), id)
		fmt.Printf("%q %v\n", s, err)
	}
	// Output:
	// "[name0 name1]" <nil>
	// "cached" <nil>
	// "" name[1]: read 3: file does not exist
	// "" name[0]: read 3: file does not exist
}

func ExampleCall_Exited() {
	calls, _ := lookup.Calls()
	c := *calls[0]
	c.In = []any{1}
	fmt.Println(c.Exited(c.Invoke(context.Background())))
	// Output: 0 cached true
}

func ExampleRemoteError() {
	_, err := lookup.With(flow.On(newFarAway(lookup))).Run(context.Background(), 2)
	remote, _ := errors.AsType[*flow.RemoteError](err)
	fmt.Println(remote.Type, remote.Message == remote.Error(), remote.Unwrap())
	fmt.Println(errors.Is(err, fs.ErrNotExist), remote.Is(context.Canceled)) // only what package asap defines
	// Output:
	// *fs.PathError true [file does not exist]
	// false false
}

func ExampleNeed() {
	page := flow.Define("page", func(g *asap.Group, id *asap.Task[int]) *asap.Task[string] {
		user := id.Then("user", func(_ context.Context, id int) (string, error) { return fmt.Sprint("user ", id), nil })
		ads := id.Then("ads", func(context.Context, int) ([]string, error) { return []string{"tea"}, nil })
		return g.Go("page", func(ctx context.Context) (string, error) {
			return fmt.Sprint(user.Get(ctx), ", ", ads.Get(ctx)), nil
		}, asap.Needs(user, ads))
	})
	calls, _ := page.Calls()
	var need flow.Need
	for _, need = range calls[2].Needs { // their values follow the arguments
		fmt.Println(need.Task, need.Type)
	}
	fmt.Println(page.With(flow.On(newFarAway(page))).Run(context.Background(), 7))
	// Output:
	// user string
	// ads []string
	// user 7, [tea] <nil>
}

func ExampleCall_Invoke_limits() {
	ads := flow.Define("ads", func(g *asap.Group, id *asap.Task[int]) *asap.Task[string] {
		return id.Then("ads", func(ctx context.Context, id int) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}, asap.Timeout(time.Millisecond), asap.Within(time.Hour), asap.Around(func(ctx context.Context, task string, body func(context.Context) error) error {
			fmt.Println("call", task)
			return body(ctx)
		}))
	})
	calls, _ := ads.Calls()
	c := *calls[0]
	fmt.Println(c.Timeout, c.Within, c.Around)
	c.In, c.Out = []any{7}, new(string)
	c.Deadline = time.Now().Add(time.Minute) // what is left of the hour
	fmt.Println(c.Invoke(context.Background()))
	// Output:
	// 1ms 1h0m0s true
	// call ads
	// timeout 1ms: context deadline exceeded
}
