package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// repo is a working tree of the repository.
type repo struct {
	dir  string
	mods []*mod // the root module first
}

// mod is a module of the repository.
type mod struct {
	dir  string // relative to the repository, "" for the root
	file *modfile.File
}

func (m *mod) path() string { return m.file.Module.Mod.Path }

// tag returns the tag by which the go command finds a version of the module.
func (m *mod) tag(version string) string { return path.Join(m.dir, version) }

// forUsers says whether what is in dir is for users, and not an example, a
// measurement or a part of something else.
func forUsers(dir string) bool {
	for i, name := range strings.Split(dir, "/") {
		if name == "internal" || name == "testdata" || i == 0 && (name == "bench" || name == "docs" || name == "examples") {
			return false
		}
	}
	return true
}

// open reads the modules of the repository around dir.
func open(ctx context.Context, dir string) (*repo, error) {
	root, err := command(ctx, dir, nil, "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	files, err := command(ctx, root, nil, "git", "ls-files", "--", "go.mod", "*/go.mod")
	if err != nil {
		return nil, err
	}
	r := &repo{dir: root}
	for name := range strings.FieldsSeq(files) {
		file, err := parse(filepath.Join(root, name), modfile.Parse)
		if err != nil {
			return nil, err
		}
		m := &mod{strings.TrimSuffix(strings.TrimSuffix(name, "go.mod"), "/"), file}
		if m.dir == "" {
			r.mods = append([]*mod{m}, r.mods...)
		} else {
			r.mods = append(r.mods, m)
		}
	}
	if len(r.mods) == 0 || r.mods[0].dir != "" {
		return nil, fmt.Errorf("%s has no go.mod", root)
	}
	return r, nil
}

func parse[T any](name string, f func(string, []byte, modfile.VersionFixer) (T, error)) (T, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return *new(T), err
	}
	return f(name, data, nil)
}

// requirements returns the modules of the repository that m requires.
func (r *repo) requirements(m *mod) []*mod {
	var all []*mod
	for _, other := range r.mods {
		for _, require := range m.file.Require {
			if require.Mod.Path == other.path() {
				all = append(all, other)
			}
		}
	}
	return all
}

// released returns the modules for users, each after those that it requires: a
// version is public with its tag, and then what it requires has to be there.
func (r *repo) released() []*mod {
	var all []*mod
	seen := map[*mod]bool{}
	var visit func(*mod)
	visit = func(m *mod) {
		if seen[m] || !forUsers(m.dir) {
			return
		}
		seen[m] = true
		for _, other := range r.requirements(m) {
			visit(other)
		}
		all = append(all, m)
	}
	for _, m := range r.mods {
		visit(m)
	}
	return all
}

// command runs a program in dir and returns what it writes to standard output.
func command(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = append(cmd.Environ(), env...)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", step{args: args}, err, &stdout, &stderr)
	}
	return strings.TrimSpace(stdout.String()), nil
}
