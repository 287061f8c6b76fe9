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
	kind   viewKind
	group  string
	number uint64
	format waterfall.Format // of a download, or empty
	with   uint64           // the run that number is compared with
}

type viewKind uint8

const (
	anIndex viewKind = iota
	aGroup
	aRun
	aPair
)

// parameters are those that there are, and what they need beside them.
var parameters = []struct{ name, of, hint string }{
	{"group", "", ""},
	{"run", "", ""},
	{"format", "run", "only a run has formats; say which, as in run=12&format=svg"},
	{"with", "run", "only a run is compared with another one; say which, as in run=12&with=7"},
}

// parse reads the query: nothing, group=NAME, run=NUMBER, and more with them.
func parse(r *http.Request) (view, error) {
	var v view
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
	switch {
	case q.Has("group"):
		return view{kind: aGroup, group: q.Get("group")}, nil
	case q.Has("run"):
		return parseRun(q)
	}
	return v, nil
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
	if q.Has("group") && q.Has("run") {
		return refuse(http.StatusBadRequest, "parameters group and run: want one of them")
	}
	for _, p := range parameters {
		if q.Has(p.name) && p.of != "" && !q.Has(p.of) {
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
	if q.Has("format") && q.Has("with") {
		return v, refuse(http.StatusBadRequest, "parameters format and with: want one of them")
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
