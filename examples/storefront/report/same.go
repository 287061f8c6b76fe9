// Package report compares what the modes of a shop did: their data, which
// must be the same, and their times.
package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Same compares two pages' JSON and says where they differ. Optional parts
// that either page lists as missing are left out of the comparison; how many
// those are comes first.
func Same(a, b []byte) (without int, err error) {
	pa, err := parse(a)
	if err != nil {
		return 0, err
	}
	pb, err := parse(b)
	if err != nil {
		return 0, err
	}
	absent := make(map[string]bool)
	for _, p := range []page{pa, pb} {
		for _, part := range p.missing {
			absent[part] = true
		}
	}
	for _, part := range slices.Sorted(maps.Keys(absent)) {
		delete(pa.fields, part)
		delete(pb.fields, part)
	}
	return len(absent), differ("page", pa.fields, pb.fields)
}

type page struct {
	fields  map[string]any
	missing []string
}

func parse(b []byte) (page, error) {
	var p page
	if err := json.Unmarshal(b, &p.fields); err != nil {
		return p, fmt.Errorf("page: %w", err)
	}
	list, _ := p.fields["missing"].([]any)
	for _, m := range list {
		entry, _ := m.(map[string]any)
		part, ok := entry["part"].(string)
		if !ok {
			return p, fmt.Errorf("page: missing: entry %v has no part", m)
		}
		if _, ok := p.fields[part]; !ok {
			return p, fmt.Errorf("page: missing: there is no part %q", part)
		}
		p.missing = append(p.missing, part)
	}
	delete(p.fields, "missing")
	return p, nil
}

// differ names the first place where two JSON values differ.
func differ(at string, a, b any) error {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok {
			break
		}
		keys := maps.Clone(a)
		maps.Copy(keys, b)
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			_, inA := a[k]
			_, inB := b[k]
			if inA != inB {
				return fmt.Errorf("%s.%s is on one page only", at, k)
			}
			if err := differ(at+"."+k, a[k], b[k]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			break
		}
		for i := range a {
			if err := differ(fmt.Sprintf("%s[%d]", at, i), a[i], b[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if !reflect.DeepEqual(a, b) {
		return fmt.Errorf("%s: %v and %v", at, a, b)
	}
	return nil
}

// Incomplete says whether a page lists missing parts.
func Incomplete(b []byte) (bool, error) {
	p, err := parse(b)
	return len(p.missing) > 0, err
}
