package look

import "strings"

// ErrorOf is the text of a task's error without the task's name before it, and of a panic
// without its stack. The task's name may come after those of others, with slashes, and
// have some itself, as GET /users has; of a family, shard[], an element has failed.
func ErrorOf(task, text string) string {
	text = strings.TrimPrefix(text, "asap: ")
	for name, more := task, true; more; _, name, more = strings.Cut(name, "/") {
		if rest, ok := cutName(text, name); ok {
			text = rest
			break
		}
	}
	text, _, _ = strings.Cut(text, "\n\ngoroutine ")
	return text
}

// cutName cuts a task's name off the beginning of a text.
func cutName(text, name string) (string, bool) {
	name, isFamily := strings.CutSuffix(name, "[]")
	rest, ok := strings.CutPrefix(text, name)
	if !ok || name == "" {
		return "", false
	}
	if isFamily {
		if _, after, found := strings.Cut(rest, "]"); found && strings.HasPrefix(rest, "[") {
			rest = after
		}
	}
	return strings.CutPrefix(rest, ": ")
}

// SameError tells whether two errors differ in nothing but words that have a digit, such as
// numbers, IDs, addresses and times: of orders that were not found there are many.
func SameError(a, b string) bool {
	for a != "" && b != "" {
		n, m := word(a), word(b)
		if a[:n] != b[:m] && !(strings.ContainsAny(a[:n], digits) && strings.ContainsAny(b[:m], digits)) {
			return false
		}
		a, b = a[n:], b[m:]
	}
	return a == b
}

const digits = "0123456789"

// word is how many bytes of a text its first word has, or the mark that it begins with.
func word(s string) int {
	for i := range len(s) {
		if c := s[i]; c != '_' && c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c < 0x80 {
			return max(i, 1)
		}
	}
	return len(s)
}
