package asap_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// These tests keep the documents and the code together.

// fence is a block of Go code in a document.
type fence struct {
	file string
	line int
	code string
}

var goFence = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// fences returns the blocks of Go code in the documents.
func fences(t *testing.T) []fence {
	t.Helper()
	paths, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []fence
	for _, path := range append(paths, "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "skills/asap/SKILL.md") {
		text := read(t, path)
		for _, m := range goFence.FindAllStringSubmatchIndex(text, -1) {
			all = append(all, fence{path, 1 + strings.Count(text[:m[2]], "\n"), text[m[2]:m[3]]})
		}
	}
	for _, path := range []string{"doc.go", "flow/doc.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		var p comment.Parser
		for _, b := range p.Parse(f.Doc.Text()).Content {
			if code, ok := b.(*comment.Code); ok {
				all = append(all, fence{path, 1, code.Text})
			}
		}
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// lines returns code without indentation and without empty lines at its ends,
// each line between newlines.
func lines(code string) string {
	var b strings.Builder
	b.WriteString("\n")
	for line := range strings.Lines(strings.TrimSpace(code)) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

var wants = regexp.MustCompile(`(?m)[ \t]*// want .*$`)

// Every block of Go code in the documents is a program that compiles or a part
// of an example that is compiled and tested: blocks are copies, never sources.
func TestDocumentsHaveCodeThatCompiles(t *testing.T) {
	var sources []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		isExample := (dir == "." || dir == "flow" || dir == "dbosasap") && strings.HasPrefix(filepath.Base(path), "example_")
		inExamples := strings.HasPrefix(filepath.ToSlash(path), "examples/")
		if filepath.Ext(path) == ".go" && (isExample || inExamples) {
			sources = append(sources, lines(read(t, path)))
		}
		// What checks report has comments of the tests at the ends of its lines.
		if inVet := strings.HasPrefix(filepath.ToSlash(path), "asapvet/"); inVet && (strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".go.golden")) {
			sources = append(sources, wants.ReplaceAllString(lines(read(t, path)), ""))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all := fences(t)
	if len(all) < 20 {
		t.Errorf("found %d blocks of Go code, want those of README.md, doc.go and docs", len(all))
	}
	c := newChecker(t)
	for _, b := range all {
		place := fmt.Sprintf("%s:%d", b.file, b.line)
		if strings.Contains("\n"+b.code, "\npackage main\n") {
			f, err := parser.ParseFile(c.fset, place, b.code, parser.SkipObjectResolution)
			if err != nil {
				t.Errorf("%s: %v", place, err)
				continue
			}
			c.check(t, []*ast.File{f})
			continue
		}
		if b.file == "docs/asapvet.md" && isJudged(t, b.line) {
			continue
		}
		if !slices.ContainsFunc(sources, func(s string) bool { return strings.Contains(s, lines(b.code)) }) {
			t.Errorf("%s: no example has this code, so nobody compiles it:\n%s", place, b.code)
		}
	}
}

// isJudged reports whether a line of docs/asapvet.md is in the pair of a check, wrong and
// right, whose code a test of asapvet compiles and judges.
func isJudged(t *testing.T, line int) bool {
	before := strings.Join(strings.SplitAfter(read(t, "docs/asapvet.md"), "\n")[:line], "")
	section := before[strings.LastIndex(before, "\n### ")+1:]
	_, pair, found := strings.Cut(section, "\nWrong:\n")
	return found && strings.Count(pair, "```go") <= 2
}

// The rule for tools that write code has the front matter that they look for, and what
// the audit prints in it is what it prints.
func TestSkill(t *testing.T) {
	text := read(t, "skills/asap/SKILL.md")
	front, rest, ok := strings.Cut(strings.TrimPrefix(text, "---\n"), "\n---\n")
	if !ok {
		t.Fatal("no front matter")
	}
	for _, field := range []string{"name: asap", "description: ", "title: ", "impact: ", "impactDescription: ", "tags: "} {
		if !strings.Contains("\n"+front, "\n"+field) {
			t.Errorf("the front matter has no %q", field)
		}
	}
	if n, m := strings.Count(rest, "### Incorrect"), strings.Count(rest, "### Correct"); n < 4 || m < n {
		t.Errorf("%d incorrect forms and %d correct ones, want a correct one for each", n, m)
	}
	printed, _, _ := strings.Cut(read(t, "asapvet/audit/testdata/page.txt"), "\n\n")
	for _, path := range []string{"skills/asap/SKILL.md", "docs/asapvet.md"} {
		if !strings.Contains(read(t, path), printed) {
			t.Errorf("%s does not have what the audit prints:\n%s", path, printed)
		}
	}
}

// The README's program is examples/dashboard, and the Example of the package;
// what it prints is what examples/dashboard is tested to print.
func TestReadmeProgram(t *testing.T) {
	readme := read(t, "README.md")
	m := goFence.FindStringSubmatch(readme)
	if m == nil {
		t.Fatal("README.md has no Go code")
	}
	program := read(t, "examples/dashboard/main.go")
	if m[1] != program {
		t.Errorf("README.md's first program is not examples/dashboard/main.go:\n%s", m[1])
	}
	_, body, _ := strings.Cut(program, "\npackage main\n")
	body = strings.Replace(body, "func main() {", "func Example() {", 1)
	example := read(t, "example_test.go")
	_, example, _ = strings.Cut(example, "package asap_test\n")
	example = regexp.MustCompile(`(?m)^\t// Output: .*\n`).ReplaceAllString(example, "")
	if body != example {
		t.Errorf("README.md's first program is not the Example of the package:\n%s\nhas\n%s", "example_test.go", example)
	}
	output := "```\n" + read(t, "examples/dashboard/testdata/output.txt") + "```\n"
	if !strings.Contains(readme, output) {
		t.Errorf("README.md does not have the program's output:\n%s", output)
	}
	for _, command := range []string{"make demo", "make test"} {
		if !strings.Contains(readme, command) {
			t.Errorf("README.md does not name the command %q", command)
		}
	}
}

// What docs/flows.md promises has the tests that it names.
func TestPromisesAreTested(t *testing.T) {
	folders := map[string]string{
		"asaptest": "asaptest", "flow": "flow", "order": "examples/order", "dbosasap": "dbosasap", "temporalasap": "temporalasap",
		"servertest": "temporalasap/internal/servertest", "chaos": "temporalasap/internal/servertest/chaos",
	}
	named := regexp.MustCompile("`([a-z]+)\\.(Test\\w+)`")
	rows := 0
	for row := range strings.Lines(read(t, "docs/flows.md")) {
		tests := named.FindAllStringSubmatch(row, -1)
		if len(tests) > 0 && strings.HasPrefix(row, "|") {
			rows++
		}
		for _, m := range tests {
			files, err := filepath.Glob(filepath.Join(folders[m[1]], "*_test.go"))
			if err != nil || len(files) == 0 {
				t.Fatalf("docs/flows.md: no tests of %s: %v", m[1], err)
			}
			if !slices.ContainsFunc(files, func(file string) bool { return strings.Contains(read(t, file), "\nfunc "+m[2]+"(") }) {
				t.Errorf("docs/flows.md: %s has no %s", m[1], m[2])
			}
		}
	}
	if rows < 10 {
		t.Errorf("docs/flows.md: %d promises that name tests, want a table of them", rows)
	}
}

// Links in the documents lead to files of the repository, or out of it.
func TestDocumentsHaveNoDeadLinks(t *testing.T) {
	paths, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for _, path := range append(paths, "README.md", "CONTRIBUTING.md", "CHANGELOG.md") {
		for _, m := range link.FindAllStringSubmatch(goFence.ReplaceAllString(read(t, path), ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s: dead link %s", path, m[1])
			}
		}
	}
}

// Nothing is bold, nothing is loud: the style of the documents.
func TestDocumentsArePlain(t *testing.T) {
	for _, path := range []string{
		"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "doc.go", "flow/doc.go",
		"docs/dbos.md", "docs/flows.md", "docs/from-errgroup.md", "docs/from-javascript.md", "docs/recipes.md", "docs/rule.md", "docs/tail.md", "docs/temporal.md",
		"docs/asapvet.md", "skills/asap/SKILL.md",
	} {
		text := []byte(read(t, path))
		if before, _, ok := bytes.Cut(text, []byte("**")); ok {
			t.Errorf("%s:%d: bold text; say it plainly", path, 1+bytes.Count(before, []byte("\n")))
		}
	}
}
