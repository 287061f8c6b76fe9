package waterfall

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
)

// String is what s has seen, as JSON in one line, so that a Stats can be published
// with package expvar: expvar.Publish("asap", stats). Of each name it has how many
// runs are running, have ended, have failed and ran out of time since start, and of the last ten
// minutes percentiles in seconds and, by task, the share of what runs waited for.
func (s *Stats) String() string {
	type group struct {
		Running  int                `json:"running"`
		Runs     int                `json:"runs"`
		Failed   int                `json:"failed"`
		Late     int                `json:"late"`
		P50      float64            `json:"p50_seconds"`
		P95      float64            `json:"p95_seconds"`
		P99      float64            `json:"p99_seconds"`
		Critical map[string]float64 `json:"critical,omitzero"`
	}
	groups := make(map[string]group)
	recent := s.Reports(TenMinutes)
	for _, r := range s.Reports(SinceStart) {
		groups[r.Name] = group{Runs: r.Runs, Failed: r.Failures(), Late: r.Late}
	}
	for i := range recent {
		r := &recent[i]
		g := groups[r.Name]
		g.P50, g.P95, g.P99 = r.P50.Seconds(), r.P95.Seconds(), r.P99.Seconds()
		if len(r.Tasks) > 0 {
			g.Critical = make(map[string]float64)
		}
		for _, t := range r.Tasks {
			if t.Share > 0 && len(g.Critical) < maxMetricTasks {
				g.Critical[t.Name] = t.Share
			}
		}
		groups[r.Name] = g
	}
	for _, r := range s.liveRoots() {
		g := groups[r.name()]
		g.Running++
		groups[r.name()] = g
	}
	b, err := json.Marshal(groups, jsontext.AllowInvalidUTF8(true), json.Deterministic(true))
	if err != nil { // there is nothing in it that fails
		return "{}"
	}
	return string(b)
}
