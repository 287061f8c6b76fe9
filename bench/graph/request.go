package graph

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed data/request_graphs.json
var requestGraphs []byte

// Requests returns the request graphs of public systems, in the order of the
// data file. Their names start with "request ".
func Requests() ([]*Graph, error) { return parseRequests(requestGraphs) }

func parseRequests(data []byte) ([]*Graph, error) {
	var file struct {
		Graphs []struct {
			ID    string `json:"id"`
			Tasks []struct {
				Name string   `json:"name"`
				Deps []string `json:"deps"`
			} `json:"tasks"`
		} `json:"graphs"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("request graphs: %w", err)
	}
	var graphs []*Graph
	for _, in := range file.Graphs {
		index := map[string]int32{}
		var names []string
		var deps [][]int32
		for i, t := range in.Tasks {
			ds := make([]int32, 0, len(t.Deps))
			for _, name := range t.Deps {
				d, ok := index[name]
				if !ok {
					return nil, fmt.Errorf("request graphs: %s: task %s depends on %q, which is not above it", in.ID, t.Name, name)
				}
				ds = append(ds, d)
			}
			index[t.Name] = int32(i)
			names = append(names, t.Name)
			deps = append(deps, ds)
		}
		g, err := New("request "+in.ID, names, deps)
		if err != nil {
			return nil, err
		}
		graphs = append(graphs, g)
	}
	return graphs, nil
}
