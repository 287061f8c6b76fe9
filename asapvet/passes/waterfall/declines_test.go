package waterfall_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/site"
	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/waterfall"
)

// sitesOf returns the sites in a package of testdata, by function.
func sitesOf(t *testing.T, name string) map[string][]*site.Site {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata/src", name))); err != nil {
		t.Fatal(err)
	}
	stub := filepath.Join(vettest.Dir(t), "src/golang.org/x/sync")
	if err := os.CopyFS(filepath.Join(dir, "sync"), os.DirFS(stub)); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "sync", "go.mod"), "module golang.org/x/sync\ngo 1.27\n")
	writeFile(t, filepath.Join(dir, "go.mod"), "module "+name+"\ngo 1.27\nrequire golang.org/x/sync v0.0.0\nreplace golang.org/x/sync => ./sync\n")
	_, packages := loadAll(t, dir)
	table := effects.Of(packages, nil)
	sites := make(map[string][]*site.Site)
	for _, p := range packages {
		for _, s := range waterfall.Find(p, table) {
			sites[s.Func] = append(sites[s.Func], s)
		}
	}
	return sites
}

// highest returns the highest tier of sites, and why it is no higher.
func highest(sites []*site.Site) (tier site.Tier, why string) {
	for _, s := range sites {
		if s.Tier >= tier {
			tier, why = s.Tier, strings.Join(s.Why, "; ")
		}
	}
	return tier, why
}

// TestDeclines has each decline by its number, and each comment.
func TestDeclines(t *testing.T) {
	sites := sitesOf(t, "declines")
	for _, c := range []struct {
		name, function string
		tier           site.Tier
		why            string // part of it; "" if there may be no site at all
	}{
		{"0 nothing speaks against it", "Good", site.High, ""},
		{"1 a value is discarded", "Discarded", site.Declined, "discarded: a guard"},
		{"2 a fallback", "Fallback", site.Declined, "a fallback"},
		{"2 in an error branch", "InErrorBranch", site.Declined, "in an error branch"},
		{"3 for update", "ForUpdate", site.Declined, ""},
		{"3 or create", "GetOrCreate", site.Declined, "writes, by its name"},
		{"3 resolve", "Resolve", site.Declined, "by its name"},
		{"3 prompts", "Prompts", site.Declined, "by its name"},
		{"4 a transaction", "Transaction", site.Declined, "a transaction"},
		{"4 a wrapped connection", "Wrapped", site.Declined, "a connection"},
		{"4 in a transaction", "InTransaction", site.Declined, "in a transaction"},
		{"5 has to be closed", "Iterators", site.Declined, "to be closed"},
		{"6 the pointee is changed", "ParamsChanged", site.Declined, ""},
		{"7 the error branch has effects", "BranchEffect", site.Declined, "effects of its own: Touch"},
		{"8 a loop", "Loop", site.Low, "in a loop"},
		{"8 a closure", "Closure", site.Low, "more than once"},
		{"9 contexts differ", "Contexts", site.Declined, ""},
		{"9 the context is changed", "ContextChanged", site.Declined, ""},
		{"9 the request's context", "RequestContext", site.High, ""},
		{"10 a comment", "Commented", site.Declined, `"after"`},
		{"10 a comment seq", "Seq", site.Declined, ""},
		{"11 a mutation by its name", "UpdateItem", site.Low, "by its name"},
		{"12 caches", "CheapOnes", site.Low, "from a cache"},
		{"12 a license", "Licensed", site.Low, "a license"},
		{"a comment guard", "Guarded", site.Declined, ""},
		{"a comment write", "Written", site.Declined, ""},
		{"nothing is known", "Untold", site.Declined, ""},
		{"names only", "callHooks", site.Likely, "by its name"},
		{"the names of another module", "ByName", site.High, ""},
		{"4 a transaction by its name", "onTransaction", site.Declined, "a transaction"},
		{"a transaction of another kind", "getPayment", site.High, ""},
		{"given a transaction", "getGiven", site.Low, "gives getGiven a transaction in s"},
		{"perhaps a transaction, by its type", "getByType", site.Low, "by its type"},
		{"not in a field", "getOfField", site.High, ""},
		{"what was read is written, by a name", "trim", site.Low, "writes what item has read (updateIfSame)"},
		{"its receiver is a transaction", "getBoth", site.Low, "gives getBoth a transaction in l"},
		{"until somebody says yes", "shortCircuits", site.Declined, "a guard"},
		{"implemented by a double as well", "visit", site.High, ""},
		{"a generated client that reads", "remoteReads", site.High, ""},
		{"a generated client that writes", "remoteWrites", site.Declined, "FetchThing writes: CreateThing"},
		{"5 a struct called row", "getUsage", site.High, ""},
		{"once, by the second word of its name", "loadSetup", site.Low, "runs once"},
		{"its own row", "Status", site.Low, "writes what it may have read"},
		{"memory without a lock", "Lazy", site.Declined, "changes what it is given"},
		{"memory of services", "Deep", site.Likely, "perhaps the same"},
		{"memory of one service", "OneDeep", site.High, ""},
		{"memory under a lock", "Memo", site.Low, "from a cache"},
		{"a write of a library that is missing", "Restores", site.Declined, ""},
		{"a cache by a method of its own", "OwnCache", site.Low, "from a cache"},
		{"the transaction of the context, in what reads", "GetAmbient", site.High, ""},
		{"the transaction of the context", "AmbientMiddleware", site.Likely, "the transaction of their context"},
		{"called in a transaction", "GetInside", site.Low, "is called in a transaction"},
		{"only looked at to leave", "Asked", site.Declined, "a guard"},
		{"looked at, and used", "AskedAndUsed", site.High, ""},
		{"what was read is written", "Rewrites", site.Low, "writes what Item has read"},
		{"5 has a body to be closed", "Streams", site.Declined, "to be closed"},
		{"5 is closed", "Rows", site.Declined, "to be closed"},
		{"told, and looked at to leave", "Told", site.Declined, "a guard"},
		{"filled by a call of which nothing is known", "Filled", site.Declined, ""},
		{"many mutations, by its name", "BatchRunItems", site.Low, "by its name"},
		{"once, by its name", "runInitialCount", site.Low, "runs once"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tier, why := highest(sites[c.function])
			if tier != c.tier || !strings.Contains(why, c.why) {
				t.Errorf("%s: tier %v (%s), want %v (%s)", c.function, tier, why, c.tier, c.why)
			}
		})
	}
}

// TestUnsafe has the nine classes of calls that would do harm if they ran at the same
// time. None is above LOW, so none is reported or rewritten.
func TestUnsafe(t *testing.T) {
	sites, barriers := sitesOf(t, "declines"), sitesOf(t, "barriers")
	for _, c := range []struct{ class, function string }{
		{"get or create", "GetOrCreate"},
		{"fallback after not found", "Fallback"},
		{"changes in a fixed order", "Resolve"},
		{"optimistic update", "Status"},
		{"prompts", "Prompts"},
		{"iterators on a context", "Iterators"},
		{"parameters changed in place", "ParamsChanged"},
		{"mutation after a barrier", "MutationAfterBarrier"},
		{"mutations of one thing", "OrderedMutations"},
	} {
		t.Run(c.class, func(t *testing.T) {
			if tier, _ := highest(append(sites[c.function], barriers[c.function]...)); tier > site.Low {
				t.Errorf("%s: tier %v", c.function, tier)
			}
		})
	}
}

// TestBarriers finds the reads that need some of a group's bodies only.
func TestBarriers(t *testing.T) {
	sites := sitesOf(t, "barriers")
	got := sites["Some"]
	if len(got) != 1 || got[0].Kind != site.Barrier || got[0].Tier != site.High ||
		got[0].Message() != "Records needs images only, and waits for images, containers" {
		t.Errorf("Some: %+v", got)
	}
	if len(sites["All"]) > 0 {
		t.Errorf("All: %v", sites["All"][0].Message())
	}
}
