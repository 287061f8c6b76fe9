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
