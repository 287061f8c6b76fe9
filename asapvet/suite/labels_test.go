package suite_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/load"
	"github.com/asap-go/asap/asapvet/passes/egdeadctx"
	"github.com/asap-go/asap/asapvet/passes/egnowait"
	"github.com/asap-go/asap/asapvet/passes/egouterctx"
	"github.com/asap-go/asap/asapvet/passes/egrace"
)

var (
	labelsFile = flag.String("labels", os.Getenv("ASAPVET_LABELS"), "a `file` of labelled sites, as CSV")
	corpusDir  = flag.String("corpus", os.Getenv("ASAPVET_CORPUS"), "the `directory` of the checkouts, each as owner+name")
)

// kinds are the checks that the kinds of labels are about. E-goafterwait has none.
var kinds = map[string]*analysis.Analyzer{
	"E-nowaitpath":  egnowait.Analyzer,
	"E-deadctx":     egdeadctx.Analyzer,
	"E-race":        egrace.Analyzer,
	"E-outerctx":    egouterctx.Analyzer,
	"E-goafterwait": nil,
}

// TestLabels prints how the checks of errgroup stand to labelled sites of public code,
// and whatever else they report there.
func TestLabels(t *testing.T) {
	if *labelsFile == "" || *corpusDir == "" {
		t.Skip("no labels and checkouts: give -labels and -corpus")
	}
	data, err := os.ReadFile(*labelsFile)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	checkouts, err := filepath.Glob(filepath.Join(*corpusDir, "*+*"))
	if err != nil {
		t.Fatal(err)
	}
	reports := map[string][]report{} // by repository
	for _, root := range checkouts {
		reports[filepath.Base(root)] = reportsIn(t, root)
	}
	matched := map[*report]bool{}
	for _, row := range rows[1:] {
		kind, label, file := row[column["kind"]], row[column["label"]], row[column["file"]]
		a, ok := kinds[kind]
		if !ok {
			continue
		}
		repo := strings.ReplaceAll(row[column["repo"]], "/", "+")
		line, _ := strconv.Atoi(row[column["line"]])
		if reports[repo] == nil {
			t.Logf("no checkout of %s", repo)
			continue
		}
		found := "-"
		for i := range reports[repo] {
			r := &reports[repo][i]
			if r.At.Filename == file && (a == nil || r.Check == a.Name) && line-3 <= r.At.Line && r.At.Line <= line+3 {
				found = r.Check
				matched[r] = true
			}
		}
		t.Logf("%-13s %-10s %-12s %s %s:%d", kind, label, found, repo, file, line)
		if on := a != egouterctx.Analyzer; on && label == "pointless" && found != "-" {
			t.Errorf("%s %s:%d is reported by %s", repo, file, line, found)
		} else if on && label == "true" && found == "-" {
			t.Errorf("%s %s:%d, which is true, is not reported", repo, file, line)
		}
	}
	for repo := range reports {
		for i := range reports[repo] {
			if r := &reports[repo][i]; !matched[r] {
				t.Logf("no label: %-12s %s %s:%d: %s", r.Check, repo, r.At.Filename, r.At.Line, r.Message)
			}
		}
	}
}

// reportsIn returns what the checks say of the packages of a checkout that import
// errgroup.
func reportsIn(t *testing.T, root string) []report {
	all := []report{}
	modules := map[string]map[string]bool{} // directories of packages, by module
	filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "vendor" || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		data, err := os.ReadFile(path)
		if err == nil && bytes.Contains(data, []byte(`"golang.org/x/sync/errgroup"`)) {
			module := moduleOf(root, filepath.Dir(path))
			if modules[module] == nil {
				modules[module] = map[string]bool{}
			}
			modules[module][filepath.Dir(path)] = true
		}
		return nil
	})
	for module, dirs := range modules {
		var patterns []string
		for dir := range dirs {
			rel, _ := filepath.Rel(module, dir)
			patterns = append(patterns, "./"+rel)
		}
		p, err := load.Load(load.Config{Dir: module}, patterns...)
		if err != nil {
			t.Logf("%s: %v", module, err)
			continue
		}
		for _, q := range p.Packages {
			reports, err := runChecks(p, q, egnowait.Analyzer, egdeadctx.Analyzer, egrace.Analyzer, egouterctx.Analyzer)
			if err != nil {
				t.Error(err)
			}
			for _, r := range reports {
				r.At.Filename, _ = filepath.Rel(root, r.At.Filename)
				all = append(all, r)
			}
		}
	}
	return all
}

// moduleOf returns the directory with the go.mod of dir.
func moduleOf(root, dir string) string {
	for d := dir; len(d) > len(root); d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "go.mod")); err == nil {
			return d
		}
	}
	return root
}
