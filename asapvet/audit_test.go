package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestAuditCommand(t *testing.T) {
	t.Setenv("GOWORK", "off")
	t.Chdir("audit/testdata/orders")
	for _, row := range []struct {
		args   string
		status int
		out    string // that standard output has, or standard error if the status is 2
	}{
		{"", 0, "page.go:32 (*Server).page   4 calls, 4 levels → 2"},
		{"-fail ./...", 1, "2 sites (2 high)"},
		{"-fail -tier high -n 1 .", 1, "and 1 more"},
		{"-package store ./...", 0, "0 sites"},
		{"-json", 0, `"version": 1`},
		{"-ignores", 0, ""},
		{"-tier lofty", 2, "lofty"},
		{"-trace nowhere", 2, "nowhere"},
		{"-nothing", 2, "-nothing"},
		{"./nowhere", 2, "nowhere"},
		{"-h", 0, ""},
	} {
		var stdout, stderr strings.Builder
		status := run(append([]string{"audit"}, strings.Fields(row.args)...), &stdout, &stderr)
		text := stdout.String()
		if row.status == 2 {
			text = stderr.String()
		}
		if status != row.status || !strings.Contains(text, row.out) {
			t.Errorf("asapvet audit %s: status %d, want %d; printed\n%s%s", row.args, status, row.status, &stdout, &stderr)
		}
		if row.args == "-json" && !json.Valid([]byte(text)) {
			t.Errorf("not JSON: %s", text)
		}
	}
}
