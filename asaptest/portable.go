package asaptest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/asap-go/asap/flow"
)

// Portable runs flow in this process and fails t for everything that would
// keep it from running on an engine whose bodies run in other processes. Each
// message names the flow and the task:
//
//   - a value that is not the same after it was encoded and decoded: an
//     unexported field, a function, a channel, an interface
//   - a flow whose function declares other tasks, or in another order, when it
//     is called again: the order of a map, the time, anything random
//   - a call that asks for other values when the journal of the run is
//     replayed: the same, or a value that a body has changed after it returned it
//   - a body that awaits a task, or declares one
//   - a body whose result depends on a variable that another body has set, or
//     on a task's Value
//
// The flow's function is called often and each body runs twice, one that seems
// to be at fault more often: as they must bear on such an engine. A body whose
// result is not the same every time cannot be told apart and is not judged. A
// variable around the flow, such as a request that it was made for, is seen
// only if [Worker] says what the flow is elsewhere, and the clock in a flow's
// function only if it shows while the test runs. Values travel as encoding/json
// has them, or a [Codec].
//
// Portable returns what the flow gives with values that have travelled. It
// blocks until everything has ended; the bodies' context is that of t.
func Portable[In, Out any](t testing.TB, f *flow.Flow[In, Out], in In, options ...PortableOption) (Out, error) {
	t.Helper()
	p := &portable{codec: newCodec(json.Marshal, json.Unmarshal), told: make(map[string]bool), sends: make(map[string]any)}
	p.codec.json, p.codec.trusted = true, make(map[reflect.Type]bool)
	for _, o := range options {
		o.apply(p)
	}
	first, err := f.Graph()
	if err != nil {
		t.Errorf("Portable: %v", err)
		var zero Out
		return zero, err
	}
	p.flow = first.Name
	stable := p.stable(first, f.Graph)
	if signals, err := f.Signals(); err == nil {
		p.checkSends(signals)
	}
	p.carry("its input", in, reflect.TypeFor[In]())

	j := newJournal(t.Context(), p)
	out, err := f.With(flow.On(j)).Run(t.Context(), in)
	if err == nil {
		p.carry("its result", out, reflect.TypeFor[Out]())
	}
	if stable {
		out, err = replay(t.Context(), p, j, f, in, out, err)
		if p.worker == nil {
			p.worker = f.Calls
		}
		if calls, fails := p.worker(); fails != nil {
			p.fault("its function", "cannot be built where its bodies run: %s", strings.TrimPrefix(fails.Error(), "asap: "))
		} else {
			p.elsewhere(t.Context(), j, calls)
		}
	}
	for _, fault := range p.faults {
		t.Errorf("flow %s: %s", p.flow, fault)
	}
	return out, err
}

// PortableOption changes what [Portable] assumes of the engine.
type PortableOption interface{ apply(*portable) }

type portableOption func(*portable)

func (o portableOption) apply(p *portable) { o(p) }

// Codec carries the values instead of encoding/json: encode gets a value, and
// decode the bytes and a pointer to a zero value of the same type.
func Codec(encode func(v any) ([]byte, error), decode func(data []byte, p any) error) PortableOption {
	return portableOption(func(p *portable) {
		trusted := p.codec.trusted
		p.codec = newCodec(encode, decode)
		p.codec.trusted = trusted
	})
}

// Trust takes the types of the values as ones that travel, whatever encoding/json makes
// of them: Portable neither looks into them nor compares them.
func Trust(values ...any) PortableOption {
	return portableOption(func(p *portable) {
		for _, v := range values {
			p.codec.trusted[reflect.TypeOf(v)] = true
		}
	})
}

// Worker says what the flow is in the process where the bodies run, for a flow
// that is made by a function: there it was made beforehand, without the
// request of which this run is part. A body that uses the request is a fault.
func Worker[In, Out any](f *flow.Flow[In, Out]) PortableOption {
	return portableOption(func(p *portable) {
		p.worker = f.Calls
	})
}

// Sends says that the signal of that name is sent to the run, at once. One that the flow
// does not have is a fault, and so is a value of another type. A signal that nothing
// is sent to is late, if it can be; otherwise it is a fault. A [flow.Sleep] takes its time:
// with one of hours, run Portable in a bubble of testing/synctest.
func Sends(name string, value any) PortableOption {
	return portableOption(func(p *portable) {
		if _, ok := p.sends[name]; !ok { // the first counts, as everywhere
			p.sends[name] = value
		}
	})
}

// checkSends finds what [flow.Running.Signal] would refuse.
func (p *portable) checkSends(signals []flow.SignalType) {
	has := "none"
	types := make(map[string]reflect.Type)
	var names []string
	for _, s := range signals {
		types[s.Name] = s.Type
		names = append(names, s.Name)
	}
	if names != nil {
		has = strings.Join(names, ", ")
	}
	for _, name := range slices.Sorted(maps.Keys(p.sends)) {
		want, ok := types[name]
		switch got := reflect.TypeOf(p.sends[name]); {
		case !ok:
			p.fault("its signals", "none is called %s, to which Sends sends; it has %s", name, has)
		case got != nil && !got.AssignableTo(want):
			p.fault("its signals", "Sends sends %s to %s, which takes %s", got, name, want)
		}
	}
}

// portable collects what [Portable] finds.
type portable struct {
	codec  codec
	flow   string
	worker func() ([]*flow.Call, error) // the bodies, where they run
	faults []string
	told   map[string]bool // what was said of some task already
	sends  map[string]any  // signals
}

func (p *portable) fault(where, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !p.told[text] {
		p.told[text] = true
		p.faults = append(p.faults, where+": "+text)
	}
}

// carry checks that v, of the static type t, survives, and returns its bytes,
// nil if it cannot be encoded at all.
func (p *portable) carry(where string, v any, t reflect.Type) []byte {
	data, faults := p.codec.check(v, t)
	for _, f := range faults {
		p.fault(where, "%s", f)
	}
	return data
}

// builds is how often the flow's function is called: a map of two elements is
// ranged over in the rarer order in one of eight times.
const builds = 128

// stable tells whether the flow declares the same tasks again and again.
func (p *portable) stable(first *flow.Graph, build func() (*flow.Graph, error)) bool {
	for range builds {
		next, err := build()
		if err != nil {
			p.fault("its function", "fails when it is called again: %v", err)
			return false
		}
		if text := otherGraph(first, next); text != "" {
			p.fault("its function", "declares %s; what it declares must not depend on the order of a map, the time, or anything random", text)
			return false
		}
	}
	return true
}

// otherGraph says what b declares other than a.
func otherGraph(a, b *flow.Graph) string {
	for i, x := range a.Tasks[:min(len(a.Tasks), len(b.Tasks))] {
		y := b.Tasks[i]
		switch {
		case x.Name != y.Name || x.Kind != y.Kind:
			return fmt.Sprintf("%s %s as number %d in one call and %s %s in another", x.Kind, x.Name, i+1, y.Kind, y.Name)
		case edgesOf(a, x) != edgesOf(b, y):
			return fmt.Sprintf("%s %s after %s in one call and after %s in another", x.Kind, x.Name, edgesOf(a, x), edgesOf(b, y))
		case limitsOf(x) != limitsOf(y):
			return fmt.Sprintf("%s %s %s in one call and %s in another", x.Kind, x.Name, limitsOf(x), limitsOf(y))
		}
	}
	if len(a.Tasks) != len(b.Tasks) {
		return fmt.Sprintf("%d tasks in one call and %d in another", len(a.Tasks), len(b.Tasks))
	}
	return ""
}

// edgesOf says what t waits for.
func edgesOf(g *flow.Graph, t flow.GraphTask) string {
	var names []string
	for _, d := range t.Deps {
		name := g.Tasks[d].Name
		switch {
		case slices.Contains(t.After, d):
			name = "the success of " + name
		case slices.Contains(t.AfterEnd, d):
			name = "the end of " + name
		}
		names = append(names, name)
	}
	if names == nil {
		return "nothing"
	}
	return strings.Join(names, " and ")
}

// limitsOf says what the options of t are.
func limitsOf(t flow.GraphTask) string {
	var all []string
	if t.LeftOut {
		all = append(all, "left out")
	}
	if t.MayFail {
		all = append(all, "that may fail")
	}
	if t.Timeout > 0 {
		all = append(all, "with a timeout of "+t.Timeout.String())
	}
	if t.Within > 0 {
		all = append(all, "within "+t.Within.String())
	}
	if all == nil {
		return "without options"
	}
	return strings.Join(all, " and ")
}
