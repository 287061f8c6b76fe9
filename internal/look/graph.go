package look

import (
	"fmt"
	"strings"
)

// DotQuote makes a quoted ID of the DOT language, in which only the quote has
// to be escaped; a backslash would begin an escape of a label, and & one of HTML.
func DotQuote(s string) string {
	return "\"" + strings.NewReplacer("&", "&amp;", "\\", "\\\\", "\"", "\\\"", "\n", "\\n").Replace(s) + "\""
}

// MermaidQuote escapes what a label in quotes would take for markup: of HTML and
// Markdown, comments and directives, and formulas. Mermaid writes entities with # for &.
func MermaidQuote(s string) string {
	mark := listMark(s)
	var b strings.Builder
	for i, r := range s {
		if i == mark || strings.ContainsRune("\"#%$<>&`\\[]*_~", r) {
			fmt.Fprintf(&b, "#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// listMark is the place of what makes s the beginning of a list in Markdown, which
// older versions of Mermaid refuse to show: "1. ", "1) ", "- " or "+ ". It is -1 if there
// is none.
func listMark(s string) int {
	rest := strings.TrimLeft(s, "0123456789")
	marks := ".)"
	if rest == s {
		marks = "-+"
	}
	if len(rest) > 1 && strings.ContainsRune(marks, rune(rest[0])) && rest[1] == ' ' {
		return len(s) - len(rest)
	}
	return -1
}
