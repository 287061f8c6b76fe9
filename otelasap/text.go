package otelasap

import (
	"strings"
	"unicode/utf8"
)

// How many bytes of the user's names and texts are told. An exporter refuses a whole
// batch of everybody's spans if it is too large, 4 MB by default, or if one text in it
// is no UTF-8; and names are kept, in series and keys.
const (
	maxName = 256
	maxText = 8 << 10 // of an error, and of the stack of a panic
)

// name is what is told of the name of a group or a task, or of a type.
func name(s string) string { return cut(s, maxName) }

// text is what is told of a text.
func text(s string) string { return cut(s, maxText) }

// cut returns s as UTF-8, and at most so many bytes of it.
func cut(s string, most int) string {
	if len(s) <= most && utf8.ValidString(s) {
		return s
	}
	const mark = "…"
	if len(s) > most+utf8.UTFMax { // most of it need not be looked at
		s = s[:most+utf8.UTFMax]
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= most {
		return s
	}
	end := most - len(mark)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}
