package asapweb

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// shown is how the name of a group is shown.
func shown(name string) string {
	if strings.TrimSpace(name) == "" {
		if name != "" {
			return fmt.Sprintf("%.20q", name)
		}
		return "(no name)"
	}
	return cut(name, 120)
}

// cut is a text from outside on one line, no longer than so many characters.
func cut(s string, most int) string {
	if len(s) > 4*most { // Plain may be slow for a text of megabytes
		s = strings.ToValidUTF8(s[:4*most], "")
	}
	s = look.Plain(s)
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}

// signed is a difference of durations.
func signed(d time.Duration) string {
	if d > 0 {
		return "+" + look.Duration(d)
	}
	return look.Duration(d)
}

// outcomeWord is how a group ended, empty for a success, and whether that is
// bad.
func outcomeWord(o asap.Outcome) (word string, bad bool) {
	if o == 0 || o == asap.Succeeded {
		return "", false
	}
	return strings.ToLower(o.String()), isBad(o)
}

func isBad(o asap.Outcome) bool {
	return o == asap.Failed || o == asap.Panicked || o == asap.Goexited
}

func compareTimes(a, b time.Duration) int { return cmp.Compare(a, b) }

// someOf is a list in words, no more than so many.
func someOf(list []string, most int) string {
	if more := len(list) - most; more > 0 {
		list = append(list[:most:most], fmt.Sprintf("%d more", more))
	}
	switch len(list) {
	case 0:
		return ""
	case 1:
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

func percent(share float64) string {
	if share > 0 && share < 0.005 {
		return "<\u00a01\u00a0%"
	}
	return look.Digits(float64(int(100*share+0.5))) + "\u00a0%"
}

func runs(n int) string { return count(n, "run") }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// said is the text of a task's last error, without the task's name before it.
func said(t waterfall.TaskReport, most int) string {
	text := cut(look.ErrorOf(t.Name, t.Err), most)
	if strings.TrimSpace(text) == "" {
		return "an error without a text"
	}
	return text
}

// unbroken are sentences whose numbers stay on the lines of their units.
func unbroken(sentences []string) []string {
	out := make([]string, len(sentences))
	for i, s := range sentences {
		out[i] = look.Unbroken(s)
	}
	return out
}

// unbrokenAfter is what goes on after a name: with the space that it begins with.
func unbrokenAfter(s string) string {
	if strings.HasPrefix(s, " ") {
		return " " + look.Unbroken(s)
	}
	return look.Unbroken(s)
}

// linked is the name of a group in a link: what is very long is cut and marked with a hash,
// as a page has many links.
func linked(name string) string {
	if len(name) <= mostLinked {
		return name
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	return fmt.Sprintf("%s…%016x", strings.ToValidUTF8(name[:mostLinked/2], ""), h.Sum64())
}

const mostLinked = 400

// named finds the group that a link leads to.
func (h *handler) named(link string) string {
	if !strings.Contains(link, "…") {
		return link
	}
	live, _ := h.stats.Live(maxTold)
	for _, name := range h.stats.Names() {
		if linked(name) == link {
			return name
		}
	}
	for i := range live {
		if linked(live[i].Name) == link {
			return live[i].Name
		}
	}
	return link
}

// called is what a build is called in a sentence.
func called(b waterfall.Build) string {
	if !known(b) {
		return "an unknown build"
	}
	return "build " + cut(b.String(), 40)
}

func known(b waterfall.Build) bool { return b.Version != "" || b.Revision != "" }
