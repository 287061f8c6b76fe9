package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const misused = `package shop

import (
	"context"
	"time"

	"github.com/asap-go/asap"
)

func load(ctx context.Context, id string) error {
	g := asap.New(ctx, asap.Limit(2))
	g.Do("user "+id, func(context.Context) error {
		time.Sleep(time.Millisecond)
		return touch(ctx)
	})
	if id == "" {
		return nil
	}
	return g.Wait()
}

func touch(ctx context.Context) error { return ctx.Err() }
`

// TestVettool runs asapvet as the go command does, with its flags.
func TestVettool(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles asap")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.work")); err != nil {
		t.Skip("not in the repository")
	}
	dir := t.TempDir()
	tool := filepath.Join(dir, "asapvet")
	command(t, ".", "go", "build", "-o", tool, ".")
	for name, text := range map[string]string{
		"go.mod":  "module example.org/shop\n\ngo 1.27\n\nrequire github.com/asap-go/asap v0.0.0\n\nreplace github.com/asap-go/asap => " + root + "\n",
		"shop.go": misused,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const (
		nowait   = "group g is not ended"
		bodyctx  = "uses ctx of load"
		blocking = "keeps its slot"
		name     = "another one each time"
	)
	for _, test := range []struct {
		flags        string
		says, silent []string
	}{
		{"", []string{nowait, bodyctx}, []string{blocking, name}},
		{"-nowait", []string{nowait}, []string{bodyctx, blocking, name}},
		{"-nowait=false", []string{bodyctx}, []string{nowait, blocking, name}},
		{"-blocking -name", []string{blocking, name}, []string{nowait, bodyctx}},
		{"-fix -diff -nowait -bodyctx", []string{"+\tdefer g.Stop()", "func(ctx context.Context) error {"}, nil},
	} {
		args := append([]string{"vet", "-vettool=" + tool}, strings.Fields(test.flags)...)
		cmd := exec.Command("go", append(args, "./...")...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Errorf("%q: no error, though there is something to report", test.flags)
		}
		for _, text := range test.says {
			if !strings.Contains(string(out), text) {
				t.Errorf("%q: no %q in\n%s", test.flags, text, out)
			}
		}
		for _, text := range test.silent {
			if strings.Contains(string(out), text) {
				t.Errorf("%q: %q in\n%s", test.flags, text, out)
			}
		}
	}
	source, err := os.ReadFile(filepath.Join(dir, "shop.go"))
	if err != nil || string(source) != misused {
		t.Errorf("-diff has changed the file: %v\n%s", err, source)
	}
}
