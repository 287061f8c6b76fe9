package asapweb

import (
	"html/template"
	"slices"
	"strings"

	"github.com/asap-go/asap/waterfall"
)

// column is one of a table that can be sorted by it.
type column struct {
	key  string // in the query, or empty: not to be sorted by
	text string
	hint string
}

// heading is how a column is shown: with the query of the page that is sorted by
// it, or the other way round if this one is.
type heading struct {
	Text, Hint, Class string
	Query             template.URL
	Sorted            string // ascending or descending, or empty
}

// the page's own parameters, without those of sorting.
func (v *view) base() []string {
	pairs := []string{"window", windowName(v.window)}
	if v.kind != anIndex {
		pairs = append([]string{"group", v.group}, pairs...)
	}
	if v.against != "" {
		pairs = append(pairs, "against", v.against)
	}
	return pairs
}

// headings are those of a table, in the order of its columns.
func (v *view) headings(columns []column) []heading {
	list := make([]heading, len(columns))
	for i, c := range columns {
		list[i] = heading{Text: c.text, Hint: c.hint, Class: "number"}
		if c.key == "" {
			list[i].Class = "text"
			continue
		}
		ascends := c.key == "name" || c.key == "task" || c.key == "error" // from a to z
		up := ascends
		if v.sort == c.key {
			list[i].Sorted = "descending"
			if v.up {
				list[i].Sorted = "ascending"
			}
			up = !v.up
		}
		switch {
		case ascends:
			list[i].Class = "text"
		case strings.HasPrefix(c.key, "slow"):
			list[i].Class = "number slow"
		}
		order := "down"
		if up {
			order = "up"
		}
		list[i].Query = query(append(v.base(), "sort", c.key, "order", order)...)
	}
	return list
}

// sortRows sorts by the column that was asked for, or else leaves the order.
func sortRows[R any](v *view, rows []R, name func(*R) string, by map[string]func(*R) float64) {
	if v.sort == "" {
		return
	}
	slices.SortStableFunc(rows, func(a, b R) int {
		var d int
		if value := by[v.sort]; value != nil {
			switch p, q := value(&a), value(&b); {
			case p < q:
				d = -1
			case p > q:
				d = 1
			}
		} else {
			d = strings.Compare(name(&a), name(&b))
		}
		if !v.up {
			d = -d
		}
		return d
	})
}

// choice is one of the windows.
type choice struct {
	Text    string
	Query   template.URL
	Current bool
}

func (v *view) windows() []choice {
	var list []choice
	for _, w := range waterfall.Windows() {
		other := *v
		other.window = w
		pairs := other.base()
		if v.sort != "" {
			order := "down"
			if v.up {
				order = "up"
			}
			pairs = append(pairs, "sort", v.sort, "order", order)
		}
		list = append(list, choice{w.String(), query(pairs...), w == v.window})
	}
	return list
}
