package randomflow

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// Value is what the tasks of a random flow give each other.
type Value struct {
	N     uint64
	Text  string           `json:",omitempty"`
	Ratio float64          `json:",omitempty"`
	By    map[string]int64 `json:",omitempty"`
	Parts []Value          `json:",omitempty"`
	Next  *Value           `json:",omitempty"`
}

// hash is a number made of everything.
func hash(parts ...any) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		fmt.Fprint(h, p, "|")
	}
	return h.Sum64()
}

// sum is a number that every part of v takes part in.
func (v Value) sum() uint64 {
	n := hash(v.N, v.Text, v.Ratio, len(v.By), len(v.Parts))
	for k, x := range v.By {
		n += hash(k, x) // in any order
	}
	for i, p := range v.Parts {
		n = hash(n, i, p.sum())
	}
	if v.Next != nil {
		n = hash(n, v.Next.sum())
	}
	return n
}

// value is what a body gives for its arguments: of some shape, and never
// deeper than two values, so that long chains stay small.
func value(seed uint64, step int, in ...Value) Value {
	n := hash(seed, step)
	for _, v := range in {
		n = hash(n, v.sum())
	}
	v := Value{N: n}
	if n%2 == 0 {
		v.Text = text(n)
	}
	if n%3 == 0 {
		v.Ratio = float64(n%1000) / 7
	}
	if n%5 == 0 {
		v.By = map[string]int64{"α": -int64(n % 100), text(n): int64(n >> 1)}
	}
	if n%7 == 0 {
		v.Parts = []Value{{N: n + 1}, {N: n + 2, Text: text(n + 2)}}
	}
	if n%11 == 0 {
		v.Next = &Value{N: n + 3}
	}
	return v
}

// text is a short text, at times of wide letters or none that HTML leaves alone.
func text(n uint64) string {
	return strings.Repeat([]string{"a", "né", "日本", "<&>", "\"\\", "\u2028", "🙂"}[n%7], int(n%4)+1)
}
