package waterfall

import (
	"compress/gzip"
	"encoding/binary"
	"io"
	"slices"
	"time"
)

// profile is one in the making, in the format of pprof: profile.proto of
// github.com/google/pprof, gzipped. A stack is a path of names from the root to
// the leaf; stacks that are the same, labels included, are one sample.
type profile struct {
	types    []valueType // of each sample's values; the first is shown unless another is asked for
	file     string      // what the profile is of
	comment  string
	began    time.Time
	duration time.Duration

	samples []*sample
	at      map[string]*sample // by stack and labels
	key     []byte             // the last of those
	names   map[string]uint64  // a function and its only location, from 1 on
	strings map[string]uint64
	table   []string // of strings
}

type valueType struct{ kind, unit string }

// sample has its locations from the leaf to the root.
type sample struct {
	locations []uint64
	labels    []label
	values    []int64
}

type label struct{ key, value string }

func newProfile(types ...valueType) *profile {
	return &profile{
		types: types, at: make(map[string]*sample), names: make(map[string]uint64),
		strings: map[string]uint64{"": 0}, table: []string{""},
	}
}

// add adds values to the sample of a stack, root first.
func (p *profile) add(stack []uint64, labels []label, values ...int64) {
	p.key = p.key[:0]
	for _, f := range stack {
		p.key = binary.AppendUvarint(p.key, f)
	}
	p.key = append(p.key, 0)
	for _, l := range labels {
		p.key = append(append(p.key, l.key...), 1)
		p.key = append(append(p.key, l.value...), 0)
	}
	s := p.at[string(p.key)]
	if s == nil {
		s = &sample{locations: slices.Clone(stack), labels: labels, values: make([]int64, len(p.types))}
		slices.Reverse(s.locations)
		p.at[string(p.key)] = s
		p.samples = append(p.samples, s)
	}
	for i, v := range values {
		s.values[i] = int64(add(time.Duration(s.values[i]), time.Duration(v)))
	}
}

// functions are the numbers of names.
func (p *profile) functions(names ...string) []uint64 {
	out := make([]uint64, len(names))
	for i, name := range names {
		out[i] = p.function(name)
	}
	return out
}

func (p *profile) function(name string) uint64 {
	n, ok := p.names[name]
	if !ok {
		n = uint64(len(p.names) + 1)
		p.names[name] = n
		p.text(name)
	}
	return n
}

// text is the place of a string in the table.
func (p *profile) text(s string) uint64 {
	n, ok := p.strings[s]
	if !ok {
		n = uint64(len(p.table))
		p.strings[s] = n
		p.table = append(p.table, s)
	}
	return n
}

// write writes the profile, without what has only zeros.
func (p *profile) write(w io.Writer) error {
	z := gzip.NewWriter(w)
	if _, err := z.Write(p.encode()); err != nil {
		return err
	}
	return z.Close()
}

// encode makes the message. The numbers of fields are those of profile.proto.
func (p *profile) encode() []byte {
	var m message
	for _, t := range p.types {
		m.message(1, p.valueType(t))
	}
	for _, s := range p.samples {
		if !s.empty() {
			m.message(2, p.sample(s))
		}
	}
	var mapping message
	mapping.number(1, 1)
	mapping.number(5, p.text(p.file))
	mapping.number(7, 1) // functions are named: nothing is left to be found in a binary
	m.message(3, mapping)
	for name := range p.ordered() {
		id := p.names[name]
		var line, location, function message
		line.number(1, id)
		location.number(1, id)
		location.number(2, 1)
		location.number(3, id) // an address, for readers that tell locations apart by it
		location.message(4, line)
		m.message(4, location)
		function.number(1, id)
		function.number(2, p.text(name)) // no system name, which would be taken for one of C++
		m.message(5, function)
	}
	if !p.began.IsZero() {
		m.number(9, uint64(p.began.UnixNano()))
	}
	m.number(10, uint64(p.duration))
	m.message(11, p.valueType(p.types[0]))
	m.number(12, 1)
	if p.comment != "" {
		m.number(13, p.text(p.comment))
	}
	m.number(14, p.text(p.types[0].kind))
	for _, s := range p.table { // after everything that adds to it
		m.bytes(6, []byte(s))
	}
	return m
}

// ordered yields the names of functions in order of their numbers.
func (p *profile) ordered() func(yield func(string) bool) {
	return func(yield func(string) bool) {
		names := make([]string, len(p.names))
		for name, id := range p.names {
			names[id-1] = name
		}
		for _, name := range names {
			if !yield(name) {
				return
			}
		}
	}
}

func (s *sample) empty() bool {
	for _, v := range s.values {
		if v != 0 {
			return false
		}
	}
	return true
}

func (p *profile) valueType(t valueType) (m message) {
	m.number(1, p.text(t.kind))
	m.number(2, p.text(t.unit))
	return m
}

func (p *profile) sample(s *sample) (m message) {
	var packed message
	for _, l := range s.locations {
		packed = binary.AppendUvarint(packed, l)
	}
	m.message(1, packed)
	packed = nil
	for _, v := range s.values {
		packed = binary.AppendUvarint(packed, uint64(v))
	}
	m.message(2, packed)
	for _, l := range s.labels {
		var label message
		label.number(1, p.text(l.key))
		label.number(2, p.text(l.value))
		m.message(3, label)
	}
	return m
}

// message is one of protocol buffers, encoded.
type message []byte

func (m *message) number(field int, v uint64) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3)
	*m = binary.AppendUvarint(*m, v)
}

func (m *message) bytes(field int, b []byte) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3|2)
	*m = binary.AppendUvarint(*m, uint64(len(b)))
	*m = append(*m, b...)
}

func (m *message) message(field int, of message) { m.bytes(field, of) }
