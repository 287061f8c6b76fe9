package main

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	forgetHook()
	os.Setenv("GOPROXY", "file:///nowhere") // what these tests need is in them
	os.Exit(m.Run())
}

// git runs git in the repository.
func (r *repo) git(t *testing.T, args ...string) string {
	t.Helper()
	out, err := command(t.Context(), r.dir, nil, append([]string{"git"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// cloned returns a clone of this repository, as it is in the working tree.
func cloned(t *testing.T) *repo {
	t.Helper()
	r, err := open(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.clone(t.Context(), filepath.Join(t.TempDir(), "clone"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// write writes files below dir.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// made returns a repository of the files.
func made(t *testing.T, files map[string]string) *repo {
	t.Helper()
	r := &repo{dir: t.TempDir()}
	write(t, r.dir, files)
	r.git(t, "init", "-q")
	r.git(t, "config", "user.name", "test")
	r.git(t, "config", "user.email", "test@localhost")
	r.git(t, "add", "-A")
	r.git(t, "commit", "-q", "-m", "files")
	r, err := open(t.Context(), r.dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const version = "v0.998.0"

// A dry run changes nothing and prints what the release then does, in a clone
// of this repository.
func TestRelease(t *testing.T) {
	t.Parallel()
	c := cloned(t)
	state := func() string {
		return c.git(t, "rev-parse", "HEAD") + c.git(t, "tag", "--list") + c.git(t, "status", "--porcelain")
	}
	head, before := c.git(t, "rev-parse", "HEAD"), state()
	var dry, done bytes.Buffer
	if err := run(t.Context(), &dry, c.dir, version, false); err != nil {
		t.Fatal(err)
	}
	if after := state(); after != before {
		t.Errorf("a dry run made %s\nof %s", after, before)
	}
	if err := run(t.Context(), &done, c.dir, version, true); err != nil {
		t.Fatal(err)
	}
	if dry.String() != done.String() {
		t.Errorf("a dry run printed\n%s\nand the release did\n%s", &dry, &done)
	}
	if n := c.git(t, "rev-list", "--count", head+"..HEAD"); n != "1" {
		t.Errorf("the release made %s commits, want 1", n)
	}
	if changes := c.git(t, "status", "--porcelain"); changes != "" {
		t.Errorf("the release left changes:\n%s", changes)
	}
	tags := strings.Fields(c.git(t, "tag", "--list", "--points-at", "HEAD"))
	for _, tag := range []string{version, "asapvet/" + version, "asapvet/plugin/" + version, "dbosasap/" + version, "otelasap/" + version, "temporalasap/" + version} {
		if !slices.Contains(tags, tag) {
			t.Errorf("the release has no tag %s, only %s", tag, tags)
		}
	}
	for _, tag := range tags {
		if !forUsers(strings.TrimSuffix(tag, version)) {
			t.Errorf("the release has tag %s, of a module that is not for users", tag)
		}
	}
	c, err := open(t.Context(), c.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range c.mods {
		for _, require := range m.file.Require {
			mine := slices.ContainsFunc(c.mods, func(m *mod) bool { return m.path() == require.Mod.Path })
			if mine && require.Mod.Version != version {
				t.Errorf("%s requires %s", m.path(), require.Mod)
			}
		}
	}
	if err := run(t.Context(), &done, c.dir, version, true); err == nil || !strings.Contains(err.Error(), "tag "+version+" is there already") {
		t.Errorf("the same release again: %v", err)
	}
}

// A module's tag comes after those of what it requires, whatever their names.
func TestOrder(t *testing.T) {
	t.Parallel()
	r := made(t, map[string]string{
		"go.mod":          "module shop.test\n",
		"a/go.mod":        "module shop.test/a\nrequire shop.test/b v0.0.0\n",
		"b/go.mod":        "module shop.test/b\nrequire (\n\tshop.test v0.0.0\n\tshop.test/c v0.0.0 // indirect\n)\n",
		"c/go.mod":        "module shop.test/c\n",
		"docs/img/go.mod": "module shop.test/docs/img\n",
	})
	steps, err := r.plan(version)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, s := range steps {
		got.WriteString(s.String() + "\n")
	}
	want := `# The modules require each other as released, in one commit.
go mod edit -require=shop.test/b@v0.998.0 a/go.mod
go mod edit -require=shop.test@v0.998.0 -require=shop.test/c@v0.998.0 b/go.mod
git commit -q -m 'all: require v0.998.0' -- a/go.mod b/go.mod
# Each module has a tag of its own, after those that it requires.
git tag -a -m v0.998.0 v0.998.0
git tag -a -m c/v0.998.0 c/v0.998.0
git tag -a -m b/v0.998.0 b/v0.998.0
git tag -a -m a/v0.998.0 a/v0.998.0
# By hand, in this order, for the world keeps what it has seen.
git push origin HEAD v0.998.0
git push origin c/v0.998.0
git push origin b/v0.998.0
git push origin a/v0.998.0
`
	if got.String() != want {
		t.Errorf("the release is\n%s\nwant\n%s", &got, want)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"go.mod":          "module shop.test\n",
		"sub/go.mod":      "module shop.test/sub\n",
		"internal/go.mod": "module shop.test/internal\n",
	}
	for _, test := range []struct {
		name, version, want string
		change              func(*repo) error
	}{
		{name: "word", version: "next", want: `"next" is no version to release: it reads as v0.1.0`},
		{name: "without v", version: "0.1.0", want: `"0.1.0" is no version to release`},
		{name: "short", version: "v0.1", want: `"v0.1" is no version to release`},
		{name: "build", version: "v0.1.0+linux", want: `"v0.1.0+linux" is no version to release`},
		{name: "pseudo", version: "v0.0.0-20261101000000-0123456789ab", want: "is no version to release"},
		{name: "major", version: "v2.0.0", want: "shop.test cannot have version v2.0.0"},
		{name: "changed", version: version, want: "not committed:\nM go.mod", change: func(r *repo) error {
			return os.WriteFile(filepath.Join(r.dir, "go.mod"), []byte("module shop.test // new\n"), 0o666)
		}},
		{name: "new file", version: version, want: "not committed:\n?? go.sum", change: func(r *repo) error {
			return os.WriteFile(filepath.Join(r.dir, "go.sum"), nil, 0o666)
		}},
		{name: "tag of the root", version: version, want: "tag v0.998.0 is there already", change: func(r *repo) error {
			_, err := command(t.Context(), r.dir, nil, "git", "tag", version)
			return err
		}},
		{name: "tag of another module", version: version, want: "tag sub/v0.998.0 is there already", change: func(r *repo) error {
			_, err := command(t.Context(), r.dir, nil, "git", "tag", "sub/"+version)
			return err
		}},
		{name: "requires what is not released", version: version, want: "sub/go.mod requires shop.test/internal, which is not released", change: func(r *repo) error {
			_, err := command(t.Context(), r.dir, nil, "sh", "-c", "echo require shop.test/internal v0.0.0 >>sub/go.mod && git commit -qam more")
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := made(t, files)
			if test.change != nil {
				if err := test.change(r); err != nil {
					t.Fatal(err)
				}
			}
			for _, do := range []bool{false, true} {
				var out bytes.Buffer
				err := run(t.Context(), &out, r.dir, test.version, do)
				if err == nil || !strings.Contains(err.Error(), test.want) || out.Len() > 0 {
					t.Errorf("release of %s: %v, want %s; it printed %q", test.version, err, test.want, &out)
				}
			}
		})
	}
}

// shop is a repository of two modules that users have no trouble with.
func shop() map[string]string {
	return map[string]string{
		"go.mod":            "module shop.test\n\ngo 1.27\n",
		"shop.go":           "package shop\n\nconst Open = true\n",
		"cmd/shop/main.go":  "package main\n\nfunc main() {}\n",
		"internal/gen/m.go": "package main\n\nfunc main() { panic(1) }\n",
		"sub/go.mod":        "module shop.test/sub\n\ngo 1.27\n\nrequire shop.test v0.0.0\n\nreplace shop.test => ../\n",
		"sub/sub.go":        "package sub\n\nimport \"shop.test\"\n\nconst Open = shop.Open\n",
		"bench/go.mod":      "module shop.test/bench\n\ngo 1.27\n\nrequire (\n\tshop.test v0.0.0\n\tshop.test/sub v0.0.0\n)\n\nreplace (\n\tshop.test => ../\n\tshop.test/sub => ../sub\n)\n",
		"bench/bench.go":    "package bench\n\nimport _ \"shop.test/sub\"\n",
		"go.work":           "go 1.27\n\nuse (\n\t.\n\t./bench\n\t./sub\n)\n",
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, why, want string
		files           map[string]string
	}{
		{name: "good"},
		{
			name: "a replaced requirement", want: "other.test",
			why: "the go command does not look at the replace directives of what users require",
			files: map[string]string{
				"sub/go.mod":       shop()["sub/go.mod"] + "\nrequire other.test v0.0.0\n\nreplace other.test => ./other\n",
				"bench/go.mod":     shop()["bench/go.mod"] + "\nrequire other.test v0.0.0 // indirect\n\nreplace other.test => ../sub/other\n",
				"sub/sub.go":       "package sub\n\nimport _ \"other.test\"\n",
				"sub/other/go.mod": "module other.test\n",
				"sub/other/o.go":   "package other\n",
			},
		},
		{
			name: "a command of a module that replaces", want: "replace directives",
			why:   "the go command installs only what means the same everywhere",
			files: map[string]string{"sub/cmd/sub/main.go": "package main\n\nfunc main() {}\n"},
		},
		{
			name: "a command that does not start", want: "/shop -h: exit status 2",
			files: map[string]string{"cmd/shop/main.go": "package main\n\nfunc main() { panic(1) }\n"},
		},
		{
			name: "a module that is not complete", want: "./bench: ",
			files: map[string]string{"bench/bench.go": "package bench\n\nimport _ \"other.test\"\n"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := made(t, shop())
			write(t, r.dir, test.files) // not committed: the check is of the working tree
			r.git(t, "add", "-A")
			var out bytes.Buffer
			err := checkRelease(t.Context(), &out, r)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("check: %v, want %q: %s\n%s", err, test.want, test.why, &out)
			}
			if tags := r.git(t, "tag", "--list"); tags != "" {
				t.Errorf("the check left tags: %s", tags)
			}
		})
	}
}

// What is tagged as it is in the repository, without a release, is what users
// cannot get: the root module has no version v0.0.0.
func TestWithoutRelease(t *testing.T) {
	t.Parallel()
	r := made(t, shop())
	r.git(t, "tag", checked)
	r.git(t, "tag", "sub/"+checked)
	var out bytes.Buffer
	err := use(t.Context(), &out, r, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "shop.test@v0.0.0") {
		t.Errorf("check: %v, want that there is no shop.test@v0.0.0\n%s", err, &out)
	}
}

// The zip of a module is without the modules below it, and has a LICENSE.
func TestZip(t *testing.T) {
	t.Parallel()
	files := shop()
	files["LICENSE"] = "do what you like\n"
	r := made(t, files)
	r.git(t, "tag", checked)
	r.git(t, "tag", "sub/"+checked)
	for i, want := range []string{
		"LICENSE cmd/shop/main.go go.mod go.work internal/gen/m.go shop.go",
		"LICENSE go.mod sub.go",
	} {
		proxy, m := t.TempDir(), r.released()[i]
		size, err := r.publish(proxy, m)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(proxy, m.path(), "@v", checked+".zip")
		z, err := zip.OpenReader(name)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		var got []string
		for _, f := range z.File {
			got = append(got, strings.TrimPrefix(f.Name, m.path()+"@"+checked+"/"))
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("the zip of %s has %s, want %s", m.path(), got, want)
		}
		if info, err := os.Stat(name); err != nil || info.Size() != int64(size) {
			t.Errorf("publish(%s) says %d bytes, the zip has %d", m.path(), size, info.Size())
		}
	}
}
