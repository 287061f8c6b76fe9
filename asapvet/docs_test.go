package main

import (
	"os"
	"strings"
	"testing"

	"github.com/asap-go/asap/asapvet/suite"
)

// Every check leads to its section of the documentation.
func TestURLs(t *testing.T) {
	data, err := os.ReadFile("../docs/asapvet.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := make(map[string]bool)
	for line := range strings.Lines(string(data)) {
		if title, ok := strings.CutPrefix(strings.TrimSpace(line), "#"); ok {
			sections[strings.ToLower(strings.ReplaceAll(strings.TrimSpace(strings.TrimLeft(title, "#")), " ", "-"))] = true
		}
	}
	for _, a := range suite.All() {
		page, section, _ := strings.Cut(a.URL, "#")
		if page != "https://github.com/asap-go/asap/blob/main/docs/asapvet.md" || section != a.Name || !sections[section] {
			t.Errorf("%s leads to %q, and docs/asapvet.md has no section for it", a.Name, a.URL)
		}
	}
}
