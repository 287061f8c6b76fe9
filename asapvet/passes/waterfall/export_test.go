package waterfall

import (
	"cmp"
	"os"
	"slices"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/site"
)

// AnyModule lets fixes be made in modules that could not use them.
func AnyModule() { anyModule = true }

// Fixed returns the sites of a package that are of a tier or above, and its files as
// their fixes make them.
func Fixed(p *effects.Package, table *effects.Table, lowest site.Tier) ([]*site.Site, map[string][]byte) {
	f := newFinder(p, table)
	var sites []*site.Site
	edits := make(map[string][]site.Edit)
	for _, s := range f.sites {
		if s.Tier < lowest || f.ignored(s) {
			continue
		}
		f.addFix(s, os.ReadFile)
		sites = append(sites, s)
		if s.Fix != nil {
			edits[s.File] = append(edits[s.File], s.Fix.Edits...)
		}
	}
	files := make(map[string][]byte)
	for name, list := range edits {
		src, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		slices.SortStableFunc(list, func(a, b site.Edit) int { return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.End, b.End)) })
		list = slices.CompactFunc(list, func(a, b site.Edit) bool {
			return a.Pos == b.Pos && a.End == b.End && string(a.Text) == string(b.Text)
		})
		t := p.Fset.File(list[0].Pos)
		var out []byte
		at := 0
		for _, e := range list {
			out = append(out, src[at:t.Offset(e.Pos)]...)
			out = append(out, e.Text...)
			at = t.Offset(e.End)
		}
		files[name] = append(out, src[at:]...)
	}
	return sites, files
}
