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
	format waterfall.Format // or empty: the page
}

type viewKind uint8

const (
	anIndex viewKind = iota
	aGroup
	aRun
)

// parse reads the query: nothing, group=NAME, run=NUMBER or
// run=NUMBER&format=NAME.
func parse(r *http.Request) (view, error) {
	var v view
	if under := below(r); under != "" {
		return v, refuse(http.StatusNotFound, "path %q: there is nothing below this page", under)
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return v, refuse(http.StatusBadRequest, "query: %v", err)
	}
	for _, key := range slices.Sorted(maps.Keys(q)) {
		if !slices.Contains([]string{"group", "run", "format"}, key) {
			return v, refuse(http.StatusBadRequest, "parameter %q is unknown; there are group, run and format", key)
		}
		if n := len(q[key]); n > 1 {
			return v, refuse(http.StatusBadRequest, "parameter %s: given %d times, want it once", key, n)
		}
	}
	switch {
	case q.Has("group") && q.Has("run"):
		return v, refuse(http.StatusBadRequest, "parameters group and run: want one of them")
	case q.Has("format") && !q.Has("run"):
		return v, refuse(http.StatusBadRequest, "parameter format: only a run has formats; say which, as in run=12&format=svg")
	case q.Has("group"):
		return view{kind: aGroup, group: q.Get("group")}, nil
	case q.Has("run"):
		return parseRun(q)
	}
	return v, nil
}

func parseRun(q url.Values) (view, error) {
	v := view{kind: aRun}
	n, err := strconv.ParseUint(q.Get("run"), 10, 64)
	if err != nil || n == 0 {
		return v, refuse(http.StatusBadRequest, "parameter run: %q is not the number of a run, from 1 on", q.Get("run"))
	}
	v.number = n
	if q.Has("format") {
		v.format = waterfall.Format(q.Get("format"))
		if !slices.Contains(waterfall.Formats(), v.format) {
			return v, refuse(http.StatusBadRequest, "parameter format: %q is unknown; there are %v", q.Get("format"), waterfall.Formats())
		}
	}
	return v, nil
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
