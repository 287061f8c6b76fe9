package waterfall_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/load"
	"github.com/asap-go/asap/asapvet/internal/site"
	"github.com/asap-go/asap/asapvet/passes/waterfall"
)

var (
	labelsFile = flag.String("labels", os.Getenv("ASAPVET_LABELS"), "a `file` of labelled sites, as CSV")
	corpusDir  = flag.String("corpus", os.Getenv("ASAPVET_CORPUS"), "the `directory` of the checkouts, each as owner+name")
	onlyRepo   = flag.String("repo", "", "only the repositories whose name has this `word`")
	listSites  = flag.String("sites", "", "write the sites that were found to a `file`")
)

// label is a row of the file.
type label struct {
	repo, file, function string
	line                 int
	kind, label, gain    string
}

func readLabels(t *testing.T, name string) []label {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := make(map[string]int)
	for i, name := range rows[0] {
		column[name] = i
	}
	var labels []label
	for _, r := range rows[1:] {
		line, _ := strconv.Atoi(r[column["line"]])
		labels = append(labels, label{
			repo: r[column["repo"]], file: r[column["file"]], function: r[column["function"]], line: line,
			kind: r[column["kind"]], label: r[column["label"]], gain: r[column["gain"]],
		})
	}
	return labels
}

// moduleDirs returns the directories of a checkout that have a go.mod.
func moduleDirs(t testing.TB, root string) []string {
	var dirs []string
	filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			t.Fatal(err)
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "vendor" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.Name() == "go.mod" {
			dirs = append(dirs, filepath.Dir(path))
		}
		return nil
	})
	return dirs
}

// loadAll loads the packages of a module, as the audit does.
func loadAll(t testing.TB, dir string) (*load.Program, []*effects.Package) {
	p, err := load.Load(load.Config{Dir: dir}, "./...")
	if err != nil {
		t.Logf("%s: %v", dir, err)
		return nil, nil
	}
	var packages []*effects.Package
	for _, q := range p.Packages {
		packages = append(packages, &effects.Package{Fset: p.Fset, Files: q.Files, Types: q.Types, Info: q.Info})
	}
	return p, packages
}

// TestLabels prints how the tiers stand to labelled sites of public code.
func TestLabels(t *testing.T) {
	if *labelsFile == "" || *corpusDir == "" {
		t.Skip("no labels and checkouts: give -labels and -corpus")
	}
	labels := slices.DeleteFunc(readLabels(t, *labelsFile), func(l label) bool {
		return l.kind != "W1" && l.kind != "W2" || !strings.Contains(l.repo, *onlyRepo)
	})
	repos := make(map[string][]*site.Site)
	var missing []string
	for _, l := range labels {
		if _, ok := repos[l.repo]; ok {
			continue
		}
		root := filepath.Join(*corpusDir, strings.ReplaceAll(l.repo, "/", "+"))
		if _, err := os.Stat(root); err != nil {
			repos[l.repo] = nil
			missing = append(missing, l.repo)
			continue
		}
		found := []*site.Site{}
		for _, dir := range moduleDirs(t, root) {
			_, packages := loadAll(t, dir)
			table := effects.Of(packages, nil)
			for _, p := range packages {
				found = append(found, waterfall.Find(p, table)...)
			}
		}
		for _, s := range found {
			s.File, _ = filepath.Rel(root, s.File)
		}
		repos[l.repo] = found
	}
	t.Logf("no checkouts of %s", strings.Join(missing, ", "))
	count := make(map[string]map[string]int) // kind and tier, label
	var rows bytes.Buffer
	labelled := make(map[*site.Site]bool)
	for _, l := range labels {
		if repos[l.repo] == nil {
			continue
		}
		best, why := "not found", ""
		for _, s := range repos[l.repo] {
			if string(s.Kind) != l.kind || s.File != l.file || s.Func != l.function || !near(s, l.line) {
				continue
			}
			labelled[s] = true
			if best == "not found" || s.Tier.String() != best && better(s.Tier, best) {
				best, why = s.Tier.String(), strings.Join(s.Why, "; ")
			}
		}
		key := l.kind + " " + best
		if count[key] == nil {
			count[key] = make(map[string]int)
		}
		count[key][l.label]++
		fmt.Fprintf(&rows, "%-9s %-10s %s %s:%d %s: %s\n", l.label, best, l.repo, l.file, l.line, l.function, why)
	}
	lines := strings.Split(strings.TrimSpace(rows.String()), "\n")
	sort.Strings(lines)
	t.Log("\n" + strings.Join(lines, "\n"))
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "kind, tier\ttrue\tpointless\tunsafe")
	for _, kind := range []string{"W1", "W2"} {
		for _, tier := range []string{"high", "likely", "low", "declined", "not found"} {
			c := count[kind+" "+tier]
			fmt.Fprintf(w, "%s %s\t%d\t%d\t%d\n", kind, tier, c["true"], c["pointless"], c["unsafe"])
		}
	}
	w.Flush()
	t.Log("\n" + table.String())
	if *listSites != "" {
		var b bytes.Buffer
		for repo, sites := range repos {
			for _, s := range sites {
				mark := ""
				if labelled[s] {
					mark = " LABELLED"
				}
				fmt.Fprintf(&b, "%s %s %s/%s:%d %s%s: %s [%s]\n", s.Tier, s.Kind, repo, s.File, s.Line, s.Func, mark, s.Message(), strings.Join(s.Why, "; "))
			}
		}
		if err := os.WriteFile(*listSites, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// near reports whether a site, or one of its calls, is within three lines of line.
func near(s *site.Site, line int) bool {
	if s.Line-3 <= line && line <= s.Line+3 {
		return true
	}
	return slices.ContainsFunc(s.Calls, func(c site.Call) bool { return c.Line-3 <= line && line <= c.Line+3 })
}

func better(t site.Tier, than string) bool {
	o, _ := site.ParseTier(than)
	return t > o
}
