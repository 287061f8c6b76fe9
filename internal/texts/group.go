package texts

import (
	"fmt"
	"strings"
)

// Group is how a group has ended, in the texts of its errors.
type Group struct {
	Name    string
	Before  []string // failures from before the end
	Later   int      // those that came after it
	Undos   []string // failures of undos
	Outside bool     // the end came from outside,
	Cause   string   // and why
	Running []string // the tasks that ran then
}

// String is the text of what failed before the end, and how many tasks failed after
// it. Of one failure it is that one's text. The texts of undos come behind it.
func (g Group) String() string {
	name := ""
	if g.Name != "" {
		name = "group " + g.Name + ": "
	}
	var text string
	switch n := len(g.Before); {
	case g.Outside:
		text = strings.TrimSuffix("group "+g.Name, " ") + running(g.Running) + ": " + list(append(g.Before[:n:n], g.Cause))
	case n == 0 && len(g.Undos) == 1:
		return g.Undos[0]
	case n == 0 && len(g.Undos) > 1:
		return fmt.Sprintf("%s%d undos failed: %s", name, len(g.Undos), list(g.Undos))
	case n == 0:
		text = name + "0 tasks failed"
	case n == 1:
		text = g.Before[0]
	default:
		text = fmt.Sprintf("%s%d tasks failed: %s", name, n, list(g.Before))
	}
	if g.Later > 0 {
		text += fmt.Sprintf(" (and %d more after it)", g.Later)
	}
	if len(g.Undos) > 0 {
		text += "; " + list(g.Undos)
	}
	return text
}

func list(texts []string) string { return strings.Join(texts, "; ") }

// running has the first five names and counts the rest.
func running(names []string) string {
	const most = 5
	if len(names) == 0 {
		return ""
	}
	text := " (running: " + strings.Join(names[:min(len(names), most)], ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text + ")"
}
