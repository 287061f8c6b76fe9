package load

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// match returns the directories that patterns name, sorted.
func (l *loader) match(dir string, patterns []string) ([]string, error) {
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	var all []string
	for _, p := range patterns {
		root, deep := strings.CutSuffix(filepath.ToSlash(p), "...")
		root = strings.TrimSuffix(root, "/")
		at, err := l.root(dir, root, p)
		if err != nil {
			return nil, err
		}
		if !deep {
			all = append(all, at)
			continue
		}
		inside := l.above(at) != nil
		err = filepath.WalkDir(at, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if !d.IsDir() {
				return nil
			}
			if name != at && l.skipped(name, d.Name(), inside) {
				return filepath.SkipDir
			}
			all = append(all, name)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// root returns the directory of a pattern without its dots.
func (l *loader) root(dir, root, pattern string) (string, error) {
	at := filepath.FromSlash(root)
	switch {
	case filepath.IsAbs(at):
	case root == "" && pattern == "...", root == ".", strings.HasPrefix(root, "./"), root == "..", strings.HasPrefix(root, "../"):
		at = filepath.Join(dir, at)
	default: // an import path
		for _, m := range l.mods {
			if rel, ok := under(root, m.path); ok && isDir(filepath.Join(m.dir, rel)) {
				return filepath.Join(m.dir, rel), nil
			}
		}
		if std := filepath.Join(l.goroot, "src", at); isDir(std) {
			return std, nil
		}
	}
	if i, err := os.Stat(at); err != nil || !i.IsDir() {
		return "", fmt.Errorf("pattern %s: no such directory, and no package of the modules here; write ./%s for a directory", pattern, strings.TrimPrefix(root, "./"))
	}
	return at, nil
}

// skipped tells what the go command passes over in ./...: hidden directories,
// testdata, vendor, and other modules, but for those of a workspace that is no module
// itself.
func (l *loader) skipped(dir, name string, inside bool) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "vendor" {
		return true
	}
	m := l.read(dir)
	return m != nil && (inside || !l.has(m))
}
