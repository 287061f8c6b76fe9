package asap_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/asap-go/asap"
)

func ExampleResult_MarshalJSON() {
	for _, r := range []asap.Result[int]{{Value: 7}, {Err: &asap.TaskError{Task: "ads", Err: asap.ErrGoexit}}} {
		data, err := r.MarshalJSON() // as json.Marshal does
		fmt.Println(string(data), err)
		var back asap.Result[int]
		fmt.Println(back.UnmarshalJSON(data), back.Or(-1), back.Err)
	}
	// Output:
	// {"value":7} <nil>
	// <nil> 7 <nil>
	// {"error":{"kind":"task","name":"ads","causes":[{"kind":"goexit"}]}} <nil>
	// <nil> -1 ads: body called runtime.Goexit
}

func ExampleTaskError_MarshalJSON() {
	data, _ := (&asap.TaskError{Task: "user", Err: context.Canceled}).MarshalJSON()
	var back asap.TaskError
	err := back.UnmarshalJSON(data)
	fmt.Println(err, &back, errors.Is(&back, context.Canceled))
	// Output: <nil> user: context canceled true
}

func ExampleTaskError_GobEncode() {
	data, _ := (&asap.TaskError{Task: "user", Err: context.Canceled}).GobEncode() // as encoding/gob does
	var back asap.TaskError
	err := back.GobDecode(data)
	fmt.Println(err, &back, errors.Is(&back, context.Canceled))
	// Output: <nil> user: context canceled true
}

func ExampleGroupError_MarshalJSON() {
	g := asap.New(context.Background())
	g.Go("user", func(ctx context.Context) (string, error) { return "", errNotFound })
	failed, _ := errors.AsType[*asap.GroupError](g.Wait())
	data, _ := failed.MarshalJSON()
	var back asap.GroupError
	fmt.Println(back.UnmarshalJSON(data), &back, len(back.Failures))
	fmt.Println(errors.Is(&back, errNotFound)) // only what package asap defines
	// Output:
	// <nil> user: not found 1
	// false
}
