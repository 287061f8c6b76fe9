package temporalasap

import (
	"context"
	"fmt"
	"reflect"

	"go.temporal.io/api/common/v1"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// posted is a signal of a history.
type posted struct {
	name  string
	value *common.Payloads
}

var _ flow.Signaler = (*player)(nil)

// Receive waits for a signal of the history.
func (p *player) Receive(call *flow.Call, done func(error)) {
	p.expected = append(p.expected, playedSignal{call, done})
}

// playedSignal is a signal that the flow waits for.
type playedSignal struct {
	call *flow.Call
	done func(error)
}

// deliver hands out what has come, as [engine.deliver], and reports whether it did.
func (p *player) deliver() (told bool) {
	var left []playedSignal
	for _, x := range p.expected {
		value, ok := p.mail[x.call.Task]
		if !ok {
			left = append(left, x)
			continue
		}
		told = true
		if p.values.FromPayloads(value, x.call.Out) == nil {
			x.done(nil)
		} else {
			x.done(undecodable(x.call))
		}
	}
	p.expected = left
	return told
}

// canceledBy is [engine.canceledBy].
func (p *player) canceledBy() error {
	var why asap.Result[struct{}]
	if p.values.FromPayloads(p.mail[CancelSignal], &why) == nil && why.Err != nil {
		return why.Err
	}
	return context.Canceled
}

func undecodable(call *flow.Call) error {
	return fmt.Errorf("signal %s was sent what is no %s", call.Task, reflect.TypeOf(call.Out).Elem())
}

// signalsFirst puts the signals of each workflow task before its other scenes, as the
// engine takes them.
func signalsFirst(scenes []scene) {
	for i := 0; i < len(scenes); {
		j := i
		var signals, others []scene
		for ; j < len(scenes) && scenes[j].task == scenes[i].task; j++ {
			if scenes[j].mail != nil {
				signals = append(signals, scenes[j])
			} else {
				others = append(others, scenes[j])
			}
		}
		copy(scenes[i:j], append(signals, others...))
		i = j
	}
}
