package asaptest

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/asap-go/asap/flow"
)

// mailbox keeps what was sent to a run until it is expected: the first of each name.
type mailbox struct {
	expected []expectedCall // of who steps alone
	came     chan struct{}  // has room for one: something was sent

	mu    sync.Mutex
	sent  map[string]any
	woken bool
}

type expectedCall struct {
	call *flow.Call
	done func(error)
}

func newMailbox() *mailbox {
	return &mailbox{came: make(chan struct{}, 1), sent: make(map[string]any)}
}

// send may be called by anybody.
func (m *mailbox) send(name string, value any) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.sent[name]; ok {
		return nil
	}
	m.sent[name] = value
	m.ring()
	return nil
}

// wake may be called by anybody.
func (m *mailbox) wake() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.woken = true
	m.ring()
}

func (m *mailbox) isWoken() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	woken := m.woken
	m.woken = false
	return woken
}

// ring is called with the mu.
func (m *mailbox) ring() {
	select {
	case m.came <- struct{}{}:
	default:
	}
}

// receive is [flow.Signaler.Receive].
func (m *mailbox) receive(call *flow.Call, done func(error)) {
	m.expected = append(m.expected, expectedCall{call, done})
}

func (m *mailbox) isExpected() bool { return len(m.expected) > 0 }

// deliver hands out what has come and is expected, and reports whether there was
// something.
func (m *mailbox) deliver() (delivered bool) {
	var left []expectedCall
	for _, x := range m.expected {
		m.mu.Lock()
		v, ok := m.sent[x.call.Task]
		m.mu.Unlock()
		if !ok {
			left = append(left, x)
			continue
		}
		delivered = true
		x.done(fill(x.call, v))
	}
	m.expected = left
	return delivered
}

// fill puts the value where the call wants it.
func fill(call *flow.Call, v any) error {
	to := reflect.ValueOf(call.Out).Elem()
	from := reflect.ValueOf(v)
	switch {
	case !from.IsValid():
		to.SetZero()
	case !from.Type().AssignableTo(to.Type()):
		return fmt.Errorf("signal %s takes a %s, and was sent a %s", call.Task, to.Type(), from.Type())
	default:
		to.Set(from)
	}
	return nil
}
