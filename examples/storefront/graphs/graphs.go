// Package graphs holds request graphs of public systems: which call of a page
// needs which other one, and how long such calls take. The services draw
// their latency from it, and the tests hold the pages against it.
package graphs

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

//go:embed request_graphs.json
var file []byte

// File is the content of request_graphs.json.
type File struct {
	About        string             `json:"about"`
	MedianMS     map[string]float64 `json:"latency_ms_median"` // by class
	P99OverP50   float64            `json:"p99_over_p50"`
	Graphs       []Graph            `json:"graphs"`
	logDeviation float64
}

// Graph is one page of one system.
type Graph struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Tasks  []Task `json:"tasks"`
}

// Task is one call of a page, the calls whose results it needs, and the class
// of its latency.
type Task struct {
	Name  string   `json:"name"`
	Deps  []string `json:"deps"`
	Class string   `json:"class"`
}

// Load reads the embedded file and checks that every graph can run: names are
// unique, dependencies come before their dependents, classes are known.
func Load() (*File, error) {
	f := new(File)
	if err := json.Unmarshal(file, f); err != nil {
		return nil, fmt.Errorf("request_graphs.json: %w", err)
	}
	if f.P99OverP50 <= 1 {
		return nil, fmt.Errorf("request_graphs.json: p99_over_p50 is %v, want more than 1", f.P99OverP50)
	}
	f.logDeviation = math.Log(f.P99OverP50) / z99
	for _, g := range f.Graphs {
		seen := make([]string, 0, len(g.Tasks))
		for _, t := range g.Tasks {
			if slices.Contains(seen, t.Name) {
				return nil, fmt.Errorf("request_graphs.json: graph %s: task %s twice", g.ID, t.Name)
			}
			for _, d := range t.Deps {
				if !slices.Contains(seen, d) {
					return nil, fmt.Errorf("request_graphs.json: graph %s: task %s needs %s, which is not above it", g.ID, t.Name, d)
				}
			}
			if f.MedianMS[t.Class] <= 0 {
				return nil, fmt.Errorf("request_graphs.json: graph %s: task %s: no median for class %q", g.ID, t.Name, t.Class)
			}
			seen = append(seen, t.Name)
		}
	}
	return f, nil
}

// Graph returns the graph with this id.
func (f *File) Graph(id string) (Graph, error) {
	i := slices.IndexFunc(f.Graphs, func(g Graph) bool { return g.ID == id })
	if i < 0 {
		return Graph{}, fmt.Errorf("request_graphs.json: no graph %q", id)
	}
	return f.Graphs[i], nil
}

// z99 is the 99th percentile of the standard normal distribution.
const z99 = 2.3263478740408408

// Latency draws from the log-normal distribution with the median of the class
// and the file's p99/p50: median · exp(σ·z) with σ = ln(p99/p50) / z99. An
// unknown class has no latency.
func (f *File) Latency(class string, r *rand.Rand) time.Duration {
	ms := f.MedianMS[class] * math.Exp(f.logDeviation*r.NormFloat64())
	return time.Duration(ms * float64(time.Millisecond))
}
