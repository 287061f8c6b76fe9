package temporalasap

import (
	"fmt"
	"maps"
	"sync"
	"unsafe"

	"github.com/asap-go/asap"
)

// A body may close over what is around the definition, such as clients. Where it
// runs, that is what was registered: a flow that a function makes for each
// request would silently run with what another request had. When the worker is
// in the process that starts the flow, this can be seen in most cases.

// closures are those of a flow's bodies that close over something around the
// definition, by [asap.Call.Body].
type closures map[string]closure

// closure is what can be seen of one: its code, and the first word of what it
// closes over. How much more there is, nobody but its code knows.
type closure struct{ code, first uintptr }

// closuresOf finds them in two runs of a definition. A func value that is the
// same in both was made elsewhere or closes over nothing, and one whose first
// word differs closes over a variable of the definition's function.
func closuresOf(calls, again []*asap.Call) closures {
	found := make(closures)
	for i, call := range calls {
		a, b := pointerOf(call.Func), pointerOf(again[i].Func)
		if a != b && seen(a) == seen(b) {
			found[call.Body] = seen(a)
		}
	}
	return found
}

// pointerOf returns what a func value points to: its code's address and, if it
// closes over something, that.
func pointerOf(fn any) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&fn))[1] }

func codeOf(p unsafe.Pointer) uintptr { return *(*uintptr)(p) }

// seen reads a func value that closes over something: of code that closes over
// nothing there is only one.
func seen(p unsafe.Pointer) closure {
	return closure{codeOf(p), *(*uintptr)(unsafe.Add(p, unsafe.Sizeof(uintptr(0))))}
}

// registered are the closures of the flows that this process has registered.
var registered = struct {
	sync.Mutex
	flows map[string][]closures
}{flows: make(map[string][]closures)}

// remember notes a flow that is registered.
func remember(flow string, c closures) {
	registered.Lock()
	defer registered.Unlock()
	for _, other := range registered.flows[flow] {
		if maps.Equal(c, other) {
			return
		}
	}
	registered.flows[flow] = append(registered.flows[flow], c)
}

// asRegistered returns an error if this process has registered the flow only
// with bodies that close over something else.
func asRegistered[In, Out any](flow *asap.Flow[In, Out]) error {
	registered.Lock()
	known := registered.flows[flow.Name()]
	registered.Unlock()
	if len(known) == 0 {
		return nil
	}
	calls, err := flow.Calls()
	if err != nil {
		return nil // a worker elsewhere may have another definition
	}
	var other string
	for _, c := range known {
		if other = c.differs(calls); other == "" {
			return nil
		}
	}
	return fmt.Errorf("asap: flow %s: task %s: its body closes over something else than where the flow is registered, and would run with that; make the flow once, and pass what differs from run to run as its input", flow.Name(), other)
}

// differs returns the name of a body with the same code that closes over
// something else, or "".
func (c closures) differs(calls []*asap.Call) string {
	for _, call := range calls {
		known, ok := c[call.Body]
		if p := pointerOf(call.Func); ok && codeOf(p) == known.code && seen(p) != known {
			return call.Body
		}
	}
	return ""
}
