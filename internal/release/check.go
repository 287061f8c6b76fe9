package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// checked is the version that a check releases in its clone.
const checked = "v0.999.0"

// checkRelease releases the working tree in a clone, and uses the release.
func checkRelease(ctx context.Context, out io.Writer, r *repo) (err error) {
	dir, err := os.MkdirTemp("", "asap-release")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if dir, err = filepath.EvalSymlinks(dir); err != nil { // git says where it is
		return err
	}
	c, err := r.clone(ctx, filepath.Join(dir, "clone"))
	if err != nil {
		return err
	}
	if err := run(ctx, io.Discard, c.dir, checked, true); err != nil {
		return err
	}
	return use(ctx, out, c, filepath.Join(dir, "user"))
}

// clone returns a copy of the working tree in dir, with no way to push from it.
// It has what is changed and not committed yet, but not the files that git does
// not know.
func (r *repo) clone(ctx context.Context, dir string) (*repo, error) {
	git := func(args ...string) (string, error) {
		who := []string{"git", "-c", "user.name=release", "-c", "user.email=release@localhost"}
		return command(ctx, r.dir, nil, append(who, args...)...)
	}
	rev, err := git("stash", "create")
	if err != nil {
		return nil, err
	}
	if rev == "" {
		rev = "HEAD"
	}
	for _, args := range [][]string{
		{"init", "-q", dir},
		{"-C", dir, "config", "user.name", "release"},
		{"-C", dir, "config", "user.email", "release@localhost"},
		{"-C", dir, "config", "commit.gpgSign", "false"},
		{"-C", dir, "config", "tag.gpgSign", "false"},
		{"-C", dir, "fetch", "-q", "--depth=1", "file://" + filepath.ToSlash(r.dir), rev},
		{"-C", dir, "checkout", "-q", "--detach", "FETCH_HEAD"},
	} {
		if _, err := git(args...); err != nil {
			return nil, err
		}
	}
	return open(ctx, dir)
}

// use does with what is tagged in r what users do: from an empty module and an
// empty module cache it gets each module by itself and builds a program with
// all of its packages, and it installs and runs each command. The modules come
// from a file tree in the layout of a proxy, all else from where the go command
// has it from anyway.
func use(ctx context.Context, out io.Writer, r *repo, dir string) error {
	begin := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(out, "%4.0fs  %s\n", time.Since(begin).Seconds(), fmt.Sprintf(format, args...))
	}
	if err := r.alone(ctx); err != nil {
		return err
	}
	proxy := filepath.Join(dir, "proxy")
	for _, m := range r.released() {
		size, err := r.publish(proxy, m)
		if err != nil {
			return err
		}
		say("%s: a zip of %d KB", m.path(), (size+500)/1000)
	}
	u, err := newUser(ctx, dir, proxy, r.mods[0].path())
	if err != nil {
		return err
	}
	for i, m := range r.released() {
		libraries, commands, err := r.packages(ctx, m)
		if err != nil {
			return err
		}
		if len(libraries) > 0 {
			if err := u.get(ctx, fmt.Sprint("get", i), m.path(), libraries); err != nil {
				return err
			}
			say("go get %s: a program with its packages runs, %d of them", m.path(), len(libraries))
		}
		for _, c := range commands {
			if err := u.install(ctx, c); err != nil {
				return err
			}
			say("go install %s@latest: it runs", c)
			if path.Base(c) == "asapvet" {
				if err := u.vet(ctx, c, r.mods[0].path()); err != nil {
					return err
				}
				say("go get -tool %s: go vet runs it", c)
			}
		}
	}
	return nil
}

// alone says whether each module of the workspace is complete without it.
func (r *repo) alone(ctx context.Context) error {
	work, err := parse(filepath.Join(r.dir, "go.work"), modfile.ParseWork)
	if err != nil {
		return err
	}
	for _, use := range work.Use {
		if _, err := command(ctx, filepath.Join(r.dir, use.Path), []string{"GOWORK=off"}, "go", "list", "-mod=readonly", "-deps", "-test", "./..."); err != nil {
			return fmt.Errorf("%s: %w", use.Path, err)
		}
	}
	return nil
}

// packages returns the packages of m that users can import, and its commands.
func (r *repo) packages(ctx context.Context, m *mod) (libraries, commands []string, err error) {
	list, err := command(ctx, filepath.Join(r.dir, m.dir), []string{"GOWORK=off"}, "go", "list", "-f", "{{.Name}} {{.ImportPath}}", "./...")
	if err != nil {
		return nil, nil, err
	}
	for line := range strings.Lines(list) {
		name, pkg, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch in := path.Join(m.dir, strings.TrimPrefix(pkg, m.path())); {
		case !forUsers(strings.TrimPrefix(in, "/")):
		case name == "main":
			commands = append(commands, pkg)
		default:
			libraries = append(libraries, pkg)
		}
	}
	return libraries, commands, nil
}

// publish writes the module as tagged in the layout of a proxy, and returns the
// size of its zip.
func (r *repo) publish(proxy string, m *mod) (size int, err error) {
	escaped, err := module.EscapePath(m.path())
	if err != nil {
		return 0, err
	}
	var z bytes.Buffer
	if err := zip.CreateFromVCS(&z, module.Version{Path: m.path(), Version: checked}, r.dir, m.tag(checked), m.dir); err != nil {
		return 0, err
	}
	gomod, err := os.ReadFile(filepath.Join(r.dir, m.dir, "go.mod"))
	if err != nil {
		return 0, err
	}
	at := filepath.Join(proxy, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(at, 0o777); err != nil {
		return 0, err
	}
	for name, data := range map[string][]byte{
		"list":            []byte(checked + "\n"),
		checked + ".info": fmt.Appendf(nil, `{"Version":%q}`, checked),
		checked + ".mod":  gomod,
		checked + ".zip":  z.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(at, name), data, 0o666); err != nil {
			return 0, err
		}
	}
	return z.Len(), nil
}

// user is somebody who has nothing yet.
type user struct {
	dir string
	env []string
}

// newUser makes a user who takes the modules below path from proxy.
func newUser(ctx context.Context, dir, proxy, path string) (*user, error) {
	env := map[string]string{}
	for _, name := range []string{"GOPROXY", "GONOSUMDB", "GOFLAGS"} {
		value, err := command(ctx, "", nil, "go", "env", name)
		if err != nil {
			return nil, err
		}
		env[name] = value
	}
	return &user{dir, []string{
		"GOWORK=off",
		"GOBIN=" + filepath.Join(dir, "bin"),
		"GOMODCACHE=" + filepath.Join(dir, "cache"),
		// Without the directories in it, what is built here is cached for the
		// next check.
		"GOFLAGS=" + env["GOFLAGS"] + " -modcacherw -trimpath",
		"GOPROXY=file://" + filepath.ToSlash(proxy) + "," + env["GOPROXY"],
		"GONOPROXY=none",
		"GONOSUMDB=" + strings.TrimPrefix(env["GONOSUMDB"]+","+path, ","),
	}}, nil
}

// get gets a module by itself, and builds and runs a program with packages of
// it, without another look at what it requires.
func (u *user) get(ctx context.Context, name, module string, packages []string) error {
	dir := filepath.Join(u.dir, name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("package main\n\n")
	for _, p := range packages {
		fmt.Fprintf(&b, "import _ %q\n", p)
	}
	b.WriteString("\nfunc main() {}\n")
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(b.String()), 0o666); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"go", "mod", "init", "example.com/" + name},
		{"go", "get", module},
		{"go", "run", "-mod=readonly", "."},
	} {
		if _, err := command(ctx, dir, u.env, args...); err != nil {
			return err
		}
	}
	return nil
}

// install installs a command, and lets it say how it is used.
func (u *user) install(ctx context.Context, pkg string) error {
	if _, err := command(ctx, u.dir, u.env, "go", "install", pkg+"@latest"); err != nil {
		return err
	}
	_, err := command(ctx, u.dir, nil, filepath.Join(u.dir, "bin", path.Base(pkg)), "-h")
	return err
}

// vet gets a tool of go vet into a module of its own, as docs/asapvet.md says, and lets
// go vet run it on a program with the module root.
func (u *user) vet(ctx context.Context, pkg, root string) error {
	dir := filepath.Join(u.dir, "vet")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	main := fmt.Sprintf("package main\n\nimport (\n\t\"context\"\n\n\t%q\n)\n\nfunc main() {\n\tg := asap.New(context.Background())\n\tdefer g.Stop()\n}\n", root)
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(main), 0o666); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"go", "mod", "init", "example.com/vet"},
		{"go", "get", root},
		{"go", "get", "-tool", pkg},
	} {
		if _, err := command(ctx, dir, u.env, args...); err != nil {
			return err
		}
	}
	tool, err := command(ctx, dir, u.env, "go", "tool", "-n", path.Base(pkg))
	if err != nil {
		return err
	}
	_, err = command(ctx, dir, u.env, "go", "vet", "-vettool="+tool, "./...")
	return err
}
