package look_test

import (
	"testing"

	"github.com/asap-go/asap/internal/look"
)

// What Graphviz and Mermaid take for markup in a label is shown as it is: a directive, or
// a comment, was cut out of the text of a graph and left it broken.
func TestQuotes(t *testing.T) {
	for _, c := range []struct{ name, dot, mermaid string }{
		{"user", `"user"`, "user"},
		{"%%{init: {}}%% ", `"%%{init: {}}%% "`, "#37;#37;{init: {}}#37;#37; "},
		{"50 %", `"50 %"`, "50 #37;"},
		{"$$x^2$$", `"$$x^2$$"`, "#36;#36;x^2#36;#36;"},
		{"&lt;b>", `"&amp;lt;b>"`, "#38;lt;b#62;"},
		{`a"\N`, `"a\"\\N"`, "a#34;#92;N"},
		{"1. first", `"1. first"`, "1#46; first"},
		{"- first", `"- first"`, "#45; first"},
	} {
		if got := look.DotQuote(c.name); got != c.dot {
			t.Errorf("DotQuote(%q) = %s, want %s", c.name, got, c.dot)
		}
		if got := look.MermaidQuote(c.name); got != c.mermaid {
			t.Errorf("MermaidQuote(%q) = %s, want %s", c.name, got, c.mermaid)
		}
	}
}
