package load

import (
	"cmp"
	"go/build"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// workspace knows where packages are: in the modules that are worked on, in their
// vendor directories, in the module cache and in the standard library.
type workspace struct {
	goroot, cache string
	dir           string // that of go.work, or of the one module
	mods          []*mod // that are worked on
	required      map[string]string
	replaced      map[module.Version]string // directories; Version may be ""

	mu    sync.Mutex
	found map[string]*mod // by directory, also nil
}

// mod is a module.
type mod struct {
	path, dir string
	file      *modfile.File
}

// version is the language that the module is written in, "" if it does not say.
func (m *mod) version() string {
	if m == nil || m.file == nil || m.file.Go == nil {
		return ""
	}
	return "go" + m.file.Go.Version
}

// openWorkspace looks for go.work and go.mod in dir and above, as the go command does.
// Without either, the packages are those of a module without a path.
func openWorkspace(dir string) (*workspace, error) {
	w := &workspace{
		goroot: goroot(), cache: modCache(), dir: dir,
		required: make(map[string]string), replaced: make(map[module.Version]string), found: make(map[string]*mod),
	}
	if name := goWork(dir); name != "" {
		if data, err := os.ReadFile(name); err == nil {
			if work, err := modfile.ParseWork(name, data, nil); err == nil {
				w.dir = filepath.Dir(name)
				for _, use := range work.Use {
					w.add(filepath.Join(w.dir, filepath.FromSlash(use.Path)))
				}
				w.replace(w.dir, work.Replace)
			}
		}
	}
	if m := w.above(dir); m != nil && !w.has(m) { // as with GOWORK=off
		w.dir = m.dir
		w.add(m.dir)
	}
	return w, nil
}

func (w *workspace) has(m *mod) bool {
	for _, other := range w.mods {
		if other.dir == m.dir {
			return true
		}
	}
	return false
}

// add makes the module in dir one that is worked on.
func (w *workspace) add(dir string) {
	m := w.read(dir)
	if m == nil {
		return
	}
	w.mods = append(w.mods, m)
	for _, r := range m.file.Require {
		if semver.Compare(r.Mod.Version, w.required[r.Mod.Path]) > 0 {
			w.required[r.Mod.Path] = r.Mod.Version
		}
	}
	w.replace(dir, m.file.Replace)
}

func (w *workspace) replace(dir string, list []*modfile.Replace) {
	for _, r := range list {
		if _, there := w.replaced[r.Old]; there { // that of go.work, or an earlier module
			continue
		}
		to := w.cached(r.New)
		if r.New.Version == "" {
			to = filepath.FromSlash(r.New.Path)
			if !filepath.IsAbs(to) {
				to = filepath.Join(dir, to)
			}
		}
		w.replaced[r.Old] = to
	}
}

// read reads the go.mod in dir, once.
func (w *workspace) read(dir string) *mod {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, ok := w.found[dir]
	if ok {
		return m
	}
	name := filepath.Join(dir, "go.mod")
	if data, err := os.ReadFile(name); err == nil {
		f, err := modfile.ParseLax(name, data, nil)
		if w.dir != "" && err == nil {
			if strict, err := modfile.Parse(name, data, nil); err == nil { // with replace directives
				f = strict
			}
			m = &mod{dir: dir, file: f}
			if f.Module != nil {
				m.path = f.Module.Mod.Path
			}
		}
	}
	w.found[dir] = m
	return m
}

// above returns the module that dir is in.
func (w *workspace) above(dir string) *mod {
	for {
		if m := w.read(dir); m != nil {
			return m
		}
		up := filepath.Dir(dir)
		if up == dir {
			return nil
		}
		dir = up
	}
}

// place returns the module of a directory and the import path of what is in it.
func (w *workspace) place(dir string) (*mod, string) {
	if rel, err := filepath.Rel(filepath.Join(w.goroot, "src"), dir); err == nil && filepath.IsLocal(rel) {
		return nil, filepath.ToSlash(rel)
	}
	m := w.above(dir)
	if m == nil {
		return nil, filepath.ToSlash(strings.TrimLeft(dir, `/\`))
	}
	rel, err := filepath.Rel(m.dir, dir)
	if err != nil || rel == "." {
		return m, m.path
	}
	return m, strings.TrimPrefix(m.path+"/"+filepath.ToSlash(rel), "/")
}

// find returns where the package is that a unit imports by path, its own path, which
// differs where it is vendored in the standard library, and its module. A directory
// of "" is one that is nowhere.
func (w *workspace) find(from *unit, path string) (dir, full string, m *mod) {
	src := filepath.Join(w.goroot, "src")
	if strings.HasPrefix(from.dir, src+string(filepath.Separator)) {
		if dir := filepath.Join(src, "vendor", filepath.FromSlash(path)); isDir(dir) {
			return dir, "vendor/" + path, nil
		}
	}
	first, _, _ := strings.Cut(path, "/")
	if !strings.Contains(first, ".") {
		if dir := filepath.Join(src, filepath.FromSlash(path)); isDir(dir) {
			return dir, path, nil
		}
	}
	for _, m := range w.mods {
		if rel, ok := under(path, m.path); ok {
			if dir := filepath.Join(m.dir, rel); isDir(dir) {
				return dir, path, m
			}
		}
	}
	if dir := filepath.Join(w.dir, "vendor", filepath.FromSlash(path)); isDir(dir) {
		return dir, path, nil
	}
	for at := path; ; at = at[:strings.LastIndexByte(at, '/')] { // the longest module path first
		if version, ok := w.required[at]; ok {
			root, replaced := w.replaced[module.Version{Path: at, Version: version}]
			if !replaced {
				root, replaced = w.replaced[module.Version{Path: at}]
			}
			if !replaced {
				root = w.cached(module.Version{Path: at, Version: version})
			}
			rel, _ := under(path, at)
			if dir := filepath.Join(root, rel); isDir(dir) {
				return dir, path, w.read(root)
			}
		}
		if !strings.Contains(at, "/") {
			return "", path, nil
		}
	}
}

// under returns what of a path is below another, as a file path.
func under(path, root string) (rel string, ok bool) {
	if path == root {
		return "", true
	}
	rel, ok = strings.CutPrefix(path, root+"/")
	return filepath.FromSlash(rel), ok && root != ""
}

// cached is where the module cache has a module, whether it is there or not.
func (w *workspace) cached(v module.Version) string {
	path, err1 := module.EscapePath(v.Path)
	version, err2 := module.EscapeVersion(v.Version)
	if err1 != nil || err2 != nil {
		return ""
	}
	return filepath.Join(w.cache, filepath.FromSlash(path)+"@"+version)
}

func isDir(name string) bool {
	i, err := os.Stat(name)
	return err == nil && i.IsDir()
}

// goWork is the go.work file that holds in dir, "" for none.
func goWork(dir string) string {
	switch name := os.Getenv("GOWORK"); name {
	case "off":
		return ""
	case "":
	default:
		return name
	}
	for {
		name := filepath.Join(dir, "go.work")
		if i, err := os.Stat(name); err == nil && !i.IsDir() {
			return name
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

func modCache() string {
	if dir := os.Getenv("GOMODCACHE"); dir != "" {
		return dir
	}
	list := filepath.SplitList(build.Default.GOPATH)
	if len(list) == 0 {
		return ""
	}
	return filepath.Join(list[0], "pkg", "mod")
}

// goroot is where the standard library is: that of the go command, if the one that
// built this program is not here.
func goroot() string {
	dir := cmp.Or(os.Getenv("GOROOT"), build.Default.GOROOT)
	if dir != "" && isDir(filepath.Join(dir, "src", "fmt")) {
		return dir
	}
	cmd := exec.Command("go", "env", "GOROOT")
	cmd.Dir = os.TempDir()
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
