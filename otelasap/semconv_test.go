package otelasap_test

import (
	"context"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
)

// registry is what the module go.opentelemetry.io/otel has of the semantic
// conventions, generated from their registry: the version, and which keys and metrics
// there are, with true for a deprecated one.
type registry struct {
	version string
	keys    map[string]bool
	metrics map[string]bool
	events  map[string]bool
}

// newestRegistry reads the newest version in the module that go.mod requires.
func newestRegistry(t *testing.T) registry {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "go.opentelemetry.io/otel/semconv/v1.37.0").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := filepath.Dir(strings.TrimSpace(string(out)))
	versions, err := filepath.Glob(filepath.Join(all, "v*"))
	if err != nil || len(versions) == 0 {
		t.Fatalf("there are no versions in %s: %v", all, err)
	}
	newest := slices.MaxFunc(versions, func(a, b string) int { return slices.Compare(numbers(a), numbers(b)) })
	r := registry{filepath.Base(newest), make(map[string]bool), make(map[string]bool), make(map[string]bool)}
	err = filepath.WalkDir(newest, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			r.read(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.keys) < 500 || len(r.metrics) < 200 {
		t.Fatalf("%s has %d keys and %d metrics: it is not read right", r.version, len(r.keys), len(r.metrics))
	}
	return r
}

func numbers(path string) (n []int) {
	for part := range strings.SplitSeq(strings.TrimPrefix(filepath.Base(path), "v"), ".") {
		i, _ := strconv.Atoi(part)
		n = append(n, i)
	}
	return n
}

// read reads the keys of attributes, attribute.Key("…"), the names of metrics, which
// methods Name return, and those of events.
func (r *registry) read(t *testing.T, path string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			for _, s := range d.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok || len(v.Values) != 1 || d.Tok != token.CONST {
					continue
				}
				deprecated := strings.Contains(v.Doc.Text(), "Deprecated")
				switch value := v.Values[0].(type) {
				case *ast.CallExpr:
					if len(value.Args) == 1 && strings.HasSuffix(v.Names[0].Name, "Key") {
						r.keys[text(value.Args[0])] = deprecated
					}
				case *ast.BasicLit:
					if strings.HasSuffix(v.Names[0].Name, "EventName") {
						r.events[text(value)] = deprecated
					}
				}
			}
		case *ast.FuncDecl:
			if d.Name.Name != "Name" || d.Recv == nil || len(d.Body.List) != 1 {
				continue
			}
			if ret, ok := d.Body.List[0].(*ast.ReturnStmt); ok && len(ret.Results) == 1 {
				r.metrics[text(ret.Results[0])] = strings.Contains(d.Doc.Text(), "Deprecated")
			}
		}
	}
}

func text(e ast.Expr) string {
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
		return constant.StringVal(constant.MakeFromLiteral(l.Value, token.STRING, 0))
	}
	return ""
}

// goodName is what the conventions ask of names: lower case, in parts with a dot
// between them and words with a line.
var goodName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*(\.[a-z][a-z0-9]*(_[a-z0-9]+)*)+$`)

// units are those of UCUM that are used here; what is counted stands in braces.
var units = regexp.MustCompile(`^(s|\{[a-z]+\})$`)

// Names of attributes, events and metrics are those of the newest conventions that
// the required module has, or are ours and follow their rules: what they ask of names,
// and in a namespace that they do not have.
func TestSemanticConventions(t *testing.T) {
	known := newestRegistry(t)
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range sources {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if got, _ := strconv.Unquote(i.Path.Value); strings.Contains(got, "/semconv/") && filepath.Base(got) != known.version {
				t.Errorf("%s imports the conventions %s, but there are %s", path, filepath.Base(got), known.version)
			}
		}
	}
	for key := range known.keys {
		if strings.HasPrefix(key, "asap.") || key == "asap" {
			t.Errorf("the conventions have the key %s: the namespace is theirs", key)
		}
	}
	keys, events, metrics := emitted(t)
	for key := range keys {
		switch deprecated, ok := known.keys[key]; {
		case strings.HasPrefix(key, "asap.critical."): // with a name of the user's
		case strings.HasPrefix(key, "asap."):
			if !goodName.MatchString(key) {
				t.Errorf("the key %s is no name as the conventions want it", key)
			}
			for other := range keys { // a namespace is no name
				if strings.HasPrefix(other, key+".") && key != "asap.critical" {
					t.Errorf("the key %s is the namespace of %s", key, other)
				}
			}
		case !ok:
			t.Errorf("the key %s is not in the conventions %s", key, known.version)
		case deprecated:
			t.Errorf("the key %s is deprecated in %s", key, known.version)
		}
	}
	for event := range events {
		if _, ok := known.events[event]; !ok && event != "blocked" && event != "skipped" {
			t.Errorf("the event %s is not in the conventions", event)
		}
	}
	for name, unit := range metrics {
		if _, ok := known.metrics[name]; ok {
			t.Errorf("the metric %s is one of the conventions", name)
		}
		if !strings.HasPrefix(name, "asap.") || !goodName.MatchString(name) {
			t.Errorf("the metric %s is no name as the conventions want it", name)
		}
		if !units.MatchString(unit) {
			t.Errorf("the unit of %s is %q, want one of UCUM", name, unit)
		}
		if _, ok := known.keys[name]; ok {
			t.Errorf("the metric %s has the name of an attribute of the conventions", name)
		}
	}
	// All that this package can say was said.
	for _, want := range []attribute.Key{otelasap.GroupName, otelasap.TaskName, otelasap.Outcome, otelasap.TaskQueued, otelasap.TaskBlocked, otelasap.BlockedOn,
		otelasap.CriticalPath, otelasap.CriticalOther, otelasap.SkippedBecause, otelasap.LinkKind, otelasap.LinkLast,
		"error.type", "exception.type", "exception.message", "exception.stacktrace"} {
		if !keys[string(want)] {
			t.Errorf("the key %s was not seen", want)
		}
	}
	if want := slices.Sorted(slices.Values(allMetrics)); !slices.Equal(slices.Sorted(maps.Keys(metrics)), want) {
		t.Errorf("metrics are %v, want %v", slices.Sorted(maps.Keys(metrics)), want)
	}
}

// emitted runs groups of all kinds and returns what names their telemetry has, and of
// metrics the units.
func emitted(t *testing.T) (keys, events map[string]bool, metrics map[string]string) {
	keys, events, metrics = make(map[string]bool), make(map[string]bool), make(map[string]string)
	see := func(list []attribute.KeyValue) {
		for _, a := range list {
			keys[string(a.Key)] = true
		}
	}
	synctest.Test(t, func(t *testing.T) {
		y := sampledBy(t, trace.AlwaysSample())
		storefront(t.Context(), y)
		wide(t.Context(), y)
		panics(t.Context(), y)
		for _, s := range y.spans.Ended() {
			see(s.Attributes())
			for _, e := range s.Events() {
				events[e.Name] = true
				see(e.Attributes)
			}
			for _, l := range s.Links() {
				see(l.Attributes)
			}
		}
		var all metricdata.ResourceMetrics
		if err := y.reader.Collect(context.Background(), &all); err != nil {
			t.Fatal(err)
		}
		for _, scope := range all.ScopeMetrics {
			for _, m := range scope.Metrics {
				metrics[m.Name] = m.Unit
				switch data := m.Data.(type) {
				case metricdata.Histogram[float64]:
					for _, p := range data.DataPoints {
						see(p.Attributes.ToSlice())
					}
				case metricdata.Sum[int64]:
					for _, p := range data.DataPoints {
						see(p.Attributes.ToSlice())
					}
				}
			}
		}
	})
	return keys, events, metrics
}
