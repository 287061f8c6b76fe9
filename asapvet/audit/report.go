// Package audit lists places where calls wait for each other without need, by what it
// would save to start them at once: by what a recording of the running program says,
// or else by how the calls depend on each other.
package audit

import "time"

// Version is that of the JSON form. A field is never given another meaning; new ones
// can come.
const Version = 1

// Report is what an audit found.
type Report struct {
	Version   int     `json:"version"`
	Sites     []*Site `json:"sites"`                     // the most worth first
	Unproven  []*Site `json:"unproven,omitempty"`        // slow, one after the other, and independence is not proven
	Unmatched []Span  `json:"unmatched_spans,omitempty"` // by their time
	Summary   Summary `json:"summary"`

	measured bool // with traces or spans
}

// Site is a place.
type Site struct {
	File    string   `json:"file"` // from the directory of the audit, with slashes
	Line    int      `json:"line"`
	Package string   `json:"package"`
	Func    string   `json:"func"` // with its receiver: (*Server).page
	Tier    string   `json:"tier"`
	Why     []string `json:"why,omitempty"` // why its tier is not a higher one
	Calls   []Call   `json:"calls"`
	Levels  [2]int   `json:"levels"` // how many calls come one after the other, before and after
	From    string   `json:"reached_from,omitempty"`
	Mark    string   `json:"mark,omitempty"` // of a site without a measure: see the constants

	// Of one call of the function, on average.
	Before float64 `json:"before_ms,omitempty"`
	After  float64 `json:"after_ms,omitempty"`
	Saves  float64 `json:"saves_ms"`
	Count  int     `json:"count"` // of calls that were measured

	after []stretch // when each call would run, in ms
	worth bool      // two independent calls take long enough
	rank  int
}

// What is said of a site that has no measure although there is a trace.
const (
	NotThere = "not in the trace"
	NoSpans  = "not in the spans"
	Stale    = "stale: the traced program was built from another source"
)

// Call is one of the calls of a site, in the order of the source.
type Call struct {
	Name  string  `json:"name"`
	Line  int     `json:"line"`
	Needs []int   `json:"needs"` // indices of the calls whose results it uses
	MS    float64 `json:"ms,omitempty"`
	uses  []string
}

// Span is one of an OTLP or Jaeger file that no call of a site was found for, or
// several of the same kind.
type Span struct {
	Name  string  `json:"name"`
	Count int     `json:"count"`
	MS    float64 `json:"ms"` // all together
}

// Summary says how much was looked at.
type Summary struct {
	Packages  int      `json:"packages"`
	Lines     int      `json:"lines"`
	Missing   []string `json:"missing,omitempty"` // imports that were not found and count as empty
	Failed    []string `json:"failed,omitempty"`  // packages that could not be analyzed, and why
	Broken    []string `json:"broken,omitempty"`  // recordings that could not be read to their end
	Cut       int      `json:"cut,omitempty"`     // calls that had begun before a trace or not ended with it
	TraceTime float64  `json:"trace_ms,omitempty"`
}

// Worth tells whether something is certain enough and worth it: a site of tier high
// that saves at least min, or, without a measure, any of that tier.
func (r *Report) Worth(min time.Duration) bool {
	for _, s := range r.Sites {
		if s.Tier == "high" && (!r.measured || s.Count > 0 && s.worth && s.Saves >= milliseconds(min)) {
			return true
		}
	}
	return false
}
