package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNode runs the script, which checks every result itself. It needs
// Node.js and the script's packages: npm ci in the folder node, as the
// command does by itself.
func TestNode(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("no node here")
	}
	if _, err := os.Stat(filepath.Join("node", "node_modules", "better-all")); err != nil {
		t.Skip("the script's packages are not installed: npm ci in bench/node")
	}
	o, err := parse(strings.Fields("-graphs 3,6,complex,train -rounds 1 -most 20 -sample 100us"), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := measureNode(t.Context(), o, &report{}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Graphs) != 4 || n.Versions["better-all"] == "" || n.Versions["async"] == "" {
		t.Errorf("measureNode = %d graphs with versions %v, want 4 and two versions", len(n.Graphs), n.Versions)
	}
	var b bytes.Buffer
	if err := n.write(&b); err != nil || !strings.Contains(b.String(), "async.auto") || !strings.Contains(b.String(), "train-preserve") {
		t.Errorf("write = %v:\n%s", err, b.String())
	}
}

func TestLockedVersion(t *testing.T) {
	lock := filepath.Join("node", "package-lock.json")
	if v, err := lockedVersion(lock, "better-all"); err != nil || v == "" {
		t.Errorf("lockedVersion = %q, %v", v, err)
	}
	if _, err := lockedVersion(lock, "left-pad"); err == nil || !strings.Contains(err.Error(), "left-pad") {
		t.Errorf("lockedVersion of a package that is not locked = %v, want an error that names it", err)
	}
}
