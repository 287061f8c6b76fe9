package asapweb

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/asap-go/asap/waterfall"
)

// view is what a request asks for.
type view struct {
	kind    viewKind
	group   string
	number  uint64
	format  waterfall.Format // of a download, or empty
	with    uint64           // the run that number is compared with
	window  waterfall.Window // of what is shown
	against string           // what the window is compared with, as in the query
	sort    string           // a column, or empty
	up      bool             // the other way round than the column's own
	whatif  string           // a question, as it was asked
	changes []waterfall.Change
}

type viewKind uint8

const (
	anIndex viewKind = iota
	aGroup
	aComparison
	aRun
	aPair
)

// parameters are those that there are, and of which pages.
var parameters = []struct {
	name string
	of   []string
	hint string
}{
	{"group", []string{""}, ""},
	{"run", []string{""}, ""},
	{"window", []string{"", "group"}, "a run has no window"},
	{"sort", []string{"", "group"}, "a run has no columns"},
	{"order", []string{"sort"}, "say what to sort by, as in sort=p99&order=up"},
	{"against", []string{"group"}, "only a group is compared with what it was; say which, as in group=home&against=hour"},
	{"format", []string{"", "run"}, ""},
	{"whatif", []string{"group"}, "only the runs of a group are asked what would be; say which, as in group=home&whatif=hedge:ads=p95"},
	{"with", []string{"run"}, "only a run is compared with another one; say which, as in run=12&with=7"},
}

// parse reads the query: nothing, group=NAME, run=NUMBER, and more with them.
func parse(r *http.Request) (view, error) {
	v := view{window: defaultWindow}
	if under := below(r); under != "" {
		return v, refuse(http.StatusNotFound, "path %q: there is nothing below this page", under)
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return v, refuse(http.StatusBadRequest, "query: %v", err)
	}
	if err := check(q); err != nil {
		return v, err
	}
	if q.Has("run") {
		return parseRun(q)
	}
	columns := nameColumns
	if q.Has("group") {
		v.kind, v.group = aGroup, q.Get("group")
		columns = taskColumns
	}
	if q.Has("window") {
		if v.window, err = windowOf(q, "window"); err != nil {
			return v, err
		}
	}
	if q.Has("against") {
		v.kind, v.against = aComparison, q.Get("against")
		columns = causeColumns
		if _, err := windowOf(q, "against"); err != nil && v.against != againstBuild {
			return v, err
		}
	}
	if q.Has("whatif") {
		if err := parseWhatIf(q, &v); err != nil {
			return v, err
		}
	}
	if q.Has("sort") {
		return v, parseSort(q, &v, columns)
	}
	return v, parseFormat(q, &v)
}

// check looks whether the parameters are those that there are, and go together.
func check(q url.Values) error {
	var names []string
	for _, p := range parameters {
		names = append(names, p.name)
	}
	for _, key := range slices.Sorted(maps.Keys(q)) {
		if !slices.Contains(names, key) {
			return refuse(http.StatusBadRequest, "parameter %q is unknown; there are %s", key, someOf(names, len(names)))
		}
		if n := len(q[key]); n > 1 {
			return refuse(http.StatusBadRequest, "parameter %s: given %d times, want it once", key, n)
		}
	}
	for _, two := range [][2]string{{"group", "run"}, {"format", "with"}, {"format", "against"}, {"format", "sort"}, {"whatif", "format"}, {"whatif", "against"}} {
		if q.Has(two[0]) && q.Has(two[1]) {
			return refuse(http.StatusBadRequest, "parameters %s and %s: want one of them", two[0], two[1])
		}
	}
	for _, p := range parameters {
		goes := slices.ContainsFunc(p.of, func(of string) bool { return of != "" && q.Has(of) || of == "" && !q.Has("run") })
		if q.Has(p.name) && p.name != "run" && !goes {
			return refuse(http.StatusBadRequest, "parameter %s: %s", p.name, p.hint)
		}
	}
	return nil
}

func parseRun(q url.Values) (v view, err error) {
	v.kind = aRun
	if v.number, err = number(q, "run"); err != nil {
		return v, err
	}
	if q.Has("format") {
		v.format = waterfall.Format(q.Get("format"))
		if !slices.Contains(waterfall.Formats(), v.format) {
			return v, refuse(http.StatusBadRequest, "parameter format: %q is unknown; there are %v", q.Get("format"), waterfall.Formats())
		}
	}
	if q.Has("with") {
		v.kind = aPair
		v.with, err = number(q, "with")
	}
	return v, err
}

func number(q url.Values, name string) (uint64, error) {
	n, err := strconv.ParseUint(q.Get(name), 10, 64)
	if err != nil || n == 0 {
		return 0, refuse(http.StatusBadRequest, "parameter %s: %q is not the number of a run, from 1 on", name, q.Get(name))
	}
	return n, nil
}

// defaultWindow is long enough for a name that runs now and then, and short
// enough for a fault of a minute to be seen.
const defaultWindow = waterfall.TenMinutes

// againstBuild compares with the build before.
const againstBuild = "build"

// windowName is how a window is written in a query: 10-minutes.
func windowName(w waterfall.Window) string { return strings.ReplaceAll(w.String(), " ", "-") }

func windowOf(q url.Values, parameter string) (waterfall.Window, error) {
	var names []string
	for _, w := range waterfall.Windows() {
		if windowName(w) == q.Get(parameter) {
			return w, nil
		}
		names = append(names, windowName(w))
	}
	if parameter == "against" {
		names = append(names, againstBuild)
	}
	return 0, refuse(http.StatusBadRequest, "parameter %s: %q is unknown; there are %s", parameter, q.Get(parameter), someOf(names, len(names)))
}

func parseSort(q url.Values, v *view, columns []column) error {
	var keys []string
	for _, c := range columns {
		if c.key == "" {
			continue
		}
		if keys = append(keys, c.key); c.key == q.Get("sort") {
			v.sort = c.key
		}
	}
	if v.sort == "" {
		return refuse(http.StatusBadRequest, "parameter sort: %q is unknown; there are %s", q.Get("sort"), someOf(keys, len(keys)))
	}
	if order := q.Get("order"); q.Has("order") && order != "up" && order != "down" {
		return refuse(http.StatusBadRequest, "parameter order: %q is unknown; there are up and down", order)
	}
	v.up = q.Get("order") == "up"
	if !q.Has("order") {
		v.up = v.sort == "name" || v.sort == "task"
	}
	return nil
}

// below is what a path has after that at which a [http.ServeMux] has mounted the
// handler, as far as that can be told.
func below(r *http.Request) string {
	_, mounted, found := strings.Cut(r.Pattern, "/")
	if !found || mounted != "" && !strings.HasSuffix(mounted, "/") {
		return ""
	}
	under, found := strings.CutPrefix(r.URL.Path, "/"+mounted)
	if !found {
		return ""
	}
	return under
}
