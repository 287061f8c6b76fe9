package asapweb

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/asap-go/asap/waterfall"
)

// The pages of many runs can be had in formats for programs as well.
const (
	asJSON       = waterfall.JSON  // a summary, for waterfall.ReadSummary and the command asap
	asPprof      = waterfall.PProf // of one name
	asSample     = "sample"        // kept runs of one name, for waterfall.ReadSample and asap whatif
	asPrometheus = "prometheus"    // of all names, since start
)

// formatsOf are the formats of a page of many runs.
func formatsOf(k viewKind) []waterfall.Format {
	switch k {
	case anIndex:
		return []waterfall.Format{asJSON, asPrometheus}
	case aGroup:
		return []waterfall.Format{asJSON, asSample, asPprof}
	}
	return nil
}

func parseFormat(q url.Values, v *view) error {
	if !q.Has("format") {
		return nil
	}
	all := formatsOf(v.kind)
	v.format = waterfall.Format(q.Get("format"))
	if !slices.Contains(all, v.format) {
		return refuse(http.StatusBadRequest, "parameter format: %q is unknown; here are %v", q.Get("format"), all)
	}
	return nil
}

// download is a page of many runs in its format.
func (h *handler) download(v view) (*answer, error) {
	a := &answer{media: v.format.MediaType()}
	if v.kind == aGroup {
		if !slices.Contains(h.stats.Names(), v.group) {
			return nil, refuse(http.StatusNotFound, "group %q: no run of that name has ended", linked(v.group))
		}
		if v.format == asSample {
			a.media, a.file = waterfall.JSON.MediaType(), saved(v.group, windowName(v.window)+"-runs", "json")
			return a, h.stats.Sample(v.group, v.window).WriteJSON(&a.body)
		}
		r := h.stats.Report(v.group, v.window)
		if v.format == asPprof {
			a.file = saved(v.group, windowName(v.window), "pb.gz")
			return a, r.WritePprof(&a.body)
		}
		a.file = saved(v.group, windowName(v.window), "json")
		s := h.stats.Summary(v.window)
		s.Reports = []waterfall.Report{r}
		return a, s.WriteJSON(&a.body)
	}
	if v.format == asPrometheus {
		a.media = waterfall.PrometheusType
		return a, h.stats.WritePrometheus(&a.body)
	}
	a.file = saved("asap", windowName(v.window), "json")
	return a, h.stats.Summary(v.window).WriteJSON(&a.body)
}

// downloads are the links to them.
func downloads(v *view) []choice {
	var list []choice
	for _, f := range formatsOf(v.kind) {
		pairs := []string{"format", string(f)}
		if f != asPrometheus {
			pairs = append(pairs, "window", windowName(v.window))
		}
		if v.kind == aGroup {
			pairs = append([]string{"group", v.group}, pairs...)
		}
		list = append(list, choice{Text: string(f), Query: query(pairs...)})
	}
	return list
}

// saved is under what name a download is saved, of parts that may be empty.
func saved(name, what, ending string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '-'
	}, name)
	if name = strings.Trim(name[:min(len(name), 40)], "-"); name != "" {
		name += "-"
	}
	return name + what + "." + ending
}
