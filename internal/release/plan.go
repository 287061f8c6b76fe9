package main

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// step is a command of a release.
type step struct {
	note   string
	args   []string
	public bool // others see it, and it cannot be taken back
}

var plain = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// String returns the step as lines for a shell.
func (s step) String() string {
	var b strings.Builder
	if s.note != "" {
		b.WriteString("# " + s.note + "\n")
	}
	for i, arg := range s.args {
		if i > 0 {
			b.WriteByte(' ')
		}
		if !plain.MatchString(arg) {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		b.WriteString(arg)
	}
	return b.String()
}

// plan returns what a release of version does.
//
// Every requirement of one module of the repository on another is set, also
// those of examples and benchmarks: with requirements on different versions the
// go command would want to write their go.mod files again. The replace
// directives stay: they are for work in the repository, and users' builds do
// not see them.
func (r *repo) plan(version string) ([]step, error) {
	var steps []step
	var files []string
	for _, m := range r.mods {
		name := path.Join(m.dir, "go.mod")
		edit := []string{"go", "mod", "edit"}
		for _, other := range r.requirements(m) {
			if forUsers(m.dir) && !forUsers(other.dir) {
				return nil, fmt.Errorf("%s requires %s, which is not released", name, other.path())
			}
			edit = append(edit, "-require="+other.path()+"@"+version)
		}
		if len(edit) > 3 {
			steps = append(steps, step{args: append(edit, name)})
			files = append(files, name)
		}
	}
	if len(files) > 0 {
		steps[0].note = "The modules require each other as released, in one commit."
		commit := []string{"git", "commit", "-q", "-m", "all: require " + version, "--"}
		steps = append(steps, step{args: append(commit, files...)})
	}
	note := "Each module has a tag of its own, after those that it requires."
	for _, m := range r.released() {
		steps = append(steps, step{note: note, args: []string{"git", "tag", "-a", "-m", m.tag(version), m.tag(version)}})
		note = ""
	}
	note = "By hand, in this order, for the world keeps what it has seen."
	push := []string{"git", "push", "origin", "HEAD"}
	for _, m := range r.released() {
		steps = append(steps, step{note: note, args: append(push, m.tag(version)), public: true})
		push, note = push[:3:3], ""
	}
	return steps, nil
}

// releasable says why version cannot be released now.
func (r *repo) releasable(ctx context.Context, version string) error {
	if semver.Canonical(version) != version || version == "" || module.IsPseudoVersion(version) {
		return fmt.Errorf("%q is no version to release: it reads as v0.1.0, or v0.1.0-rc.1", version)
	}
	for _, m := range r.released() {
		if err := module.Check(m.path(), version); err != nil {
			return fmt.Errorf("%s cannot have version %s: %w", m.path(), version, err)
		}
		tag, err := command(ctx, r.dir, nil, "git", "tag", "--list", m.tag(version))
		if err != nil {
			return err
		}
		if tag != "" {
			return fmt.Errorf("tag %s is there already", tag)
		}
	}
	changes, err := command(ctx, r.dir, nil, "git", "status", "--porcelain")
	if err != nil {
		return err
	}
	if changes != "" {
		return fmt.Errorf("there are changes that are not committed:\n%s", changes)
	}
	return nil
}
