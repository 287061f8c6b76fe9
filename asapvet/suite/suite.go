// Package suite has the checks of asapvet, and says which are on by default.
package suite

import (
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/passes/awaitcause"
	"github.com/asap-go/asap/asapvet/passes/blocking"
	"github.com/asap-go/asap/asapvet/passes/bodyctx"
	"github.com/asap-go/asap/asapvet/passes/closer"
	"github.com/asap-go/asap/asapvet/passes/defineawait"
	"github.com/asap-go/asap/asapvet/passes/defineclosure"
	"github.com/asap-go/asap/asapvet/passes/early"
	"github.com/asap-go/asap/asapvet/passes/egdeadctx"
	"github.com/asap-go/asap/asapvet/passes/egnowait"
	"github.com/asap-go/asap/asapvet/passes/egouterctx"
	"github.com/asap-go/asap/asapvet/passes/egrace"
	"github.com/asap-go/asap/asapvet/passes/lostexit"
	"github.com/asap-go/asap/asapvet/passes/lostwait"
	"github.com/asap-go/asap/asapvet/passes/name"
	"github.com/asap-go/asap/asapvet/passes/nowait"
	"github.com/asap-go/asap/asapvet/passes/options"
	"github.com/asap-go/asap/asapvet/passes/othergroup"
	"github.com/asap-go/asap/asapvet/passes/race"
	"github.com/asap-go/asap/asapvet/passes/selfwait"
	"github.com/asap-go/asap/asapvet/passes/sharedtx"
	"github.com/asap-go/asap/asapvet/passes/strayawait"
	"github.com/asap-go/asap/asapvet/passes/unsetawait"
	"github.com/asap-go/asap/asapvet/passes/waterfall"
)

// Misuse are the checks of how asap is used.
var Misuse = []*analysis.Analyzer{
	nowait.Analyzer,
	lostwait.Analyzer,
	early.Analyzer,
	bodyctx.Analyzer,
	awaitcause.Analyzer,
	selfwait.Analyzer,
	lostexit.Analyzer,
	unsetawait.Analyzer,
	race.Analyzer,
	sharedtx.Analyzer,
	othergroup.Analyzer,
	defineawait.Analyzer,
	options.Analyzer,
	closer.Analyzer,
	name.Analyzer,
	strayawait.Analyzer,
	defineclosure.Analyzer,
	blocking.Analyzer,
}

// Errgroup are the checks of how errgroup is used.
var Errgroup = []*analysis.Analyzer{
	egnowait.Analyzer,
	egdeadctx.Analyzer,
	egrace.Analyzer,
	egouterctx.Analyzer,
}

// Waterfall are those that find calls that wait for each other without need.
var Waterfall = []*analysis.Analyzer{waterfall.Analyzer}

// off are the names of those that run only if they are named. Everything else is
// held to have no known false positive.
var off = []string{"closer", "name", "strayawait", "defineclosure", "blocking", "egouterctx", "waterfall"}

// All returns every check, sorted by what it is about.
func All() []*analysis.Analyzer { return slices.Concat(Misuse, Errgroup, Waterfall) }

// Default returns the checks that are on by default.
func Default() []*analysis.Analyzer {
	return slices.DeleteFunc(All(), IsOff)
}

// IsOff reports whether a runs only if it is named.
func IsOff(a *analysis.Analyzer) bool { return slices.Contains(off, a.Name) }

// Named returns the check of that name, or nil.
func Named(name string) *analysis.Analyzer {
	all := All()
	if i := slices.IndexFunc(all, func(a *analysis.Analyzer) bool { return a.Name == name }); i >= 0 {
		return all[i]
	}
	return nil
}

// For returns the checks for a command line of the go command: those that are on by
// default, and those that it names by a flag, -closer, or a setting of theirs,
// -waterfall.tier=likely. As with go vet, a flag that is set leaves out all checks
// that are not. A command line that asks for the flags gets all.
func For(args []string) []*analysis.Analyzer {
	if slices.Contains(args, "-flags") {
		return All()
	}
	return slices.DeleteFunc(All(), func(a *analysis.Analyzer) bool {
		return IsOff(a) && !slices.ContainsFunc(args, func(arg string) bool {
			flag, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			name, _, _ := strings.Cut(flag, ".")
			return strings.HasPrefix(arg, "-") && name == a.Name
		})
	})
}
