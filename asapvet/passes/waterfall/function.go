package waterfall

import (
	"go/ast"
	"path/filepath"
	"slices"
	"strings"

	"github.com/asap-go/asap/asapvet/internal/effects"
)

func recvOf(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func nameOf(c *ast.CallExpr) string {
	switch f := ast.Unparen(c.Fun).(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.IndexExpr:
		return nameOf(&ast.CallExpr{Fun: f.X})
	case *ast.IndexListExpr:
		return nameOf(&ast.CallExpr{Fun: f.X})
	}
	return ""
}

// functionLow says why a function's sites are LOW.
func functionLow(file string, d *ast.FuncDecl) []string {
	var low []string
	name := d.Name.Name
	w := effects.Words(name)
	if len(w) > 1 && (w[0] == "batch" || w[0] == "bulk") && !effects.IsReadName(w[1]) {
		low = append(low, "the function changes many things, by its name")
	} else if len(w) > 0 {
		switch w[0] {
		case "create", "update", "delete", "remove", "add", "set", "put", "save", "upsert", "insert", "register", "revoke", "grant", "assign", "unassign",
			"patch", "ensure", "refresh", "sync", "migrate", "import", "restore", "rename", "attach", "detach", "mark", "enable", "disable", "reset", "rotate",
			"stop", "start", "cancel", "kill", "restart", "retry", "rollback", "cleanup", "clean", "prune", "purge", "apply", "generate", "provision",
			"merge", "recover", "move", "replace", "link", "unlink", "approve", "reject", "publish", "unpublish", "archive", "unarchive", "reopen", "close",
			"repair", "fix", "propagate", "reconcile", "lock", "unlock", "accept", "invite", "transfer", "skip", "execute", "exec", "persist", "store", "write", "edit", "change", "modify":
			low = append(low, "the function changes something, by its name")
		case "require", "check", "verify", "validate", "authorize", "authenticate", "can", "must", "allow", "permit", "guard":
			low = append(low, "the function is a check, by its name")
		case "migration", "test", "benchmark", "fuzz", "seed", "bootstrap", "setup", "diagnose", "explain", "startup", "init":
			low = append(low, "the function is a migration, a job or a test, by its name")
		}
	}
	if slices.ContainsFunc(w, func(x string) bool {
		return x == "initial" || x == "startup" || x == "bootstrap" || x == "setup" || x == "explain"
	}) && len(low) == 0 {
		low = append(low, "the function runs once, by its name")
	}
	if strings.EqualFold(name, "collect") {
		low = append(low, "the function collects statistics, by its name")
	}
	dir, base := filepath.Split(file)
	last := strings.Split(filepath.ToSlash(filepath.Clean(dir)), "/")
	places := effects.CommentWords(strings.TrimSuffix(base, ".go"))
	if len(last) > 0 {
		places = append(places, effects.CommentWords(last[len(last)-1])...)
	}
	for _, w := range places {
		switch w {
		case "migration", "migrations", "migrate", "migrator", "job", "jobs", "cron", "test", "tests", "testing", "testutil", "testutils", "testhelper", "fixture", "fixtures",
			"doctor", "seed", "seeds", "e2e", "bootstrap", "script", "scripts":
			low = append(low, "the file is of a migration, a job or a test")
			return low
		case "metrics", "insights", "collector", "exporter", "prometheus":
			low = append(low, "the file is of metrics")
			return low
		}
	}
	return low
}

// readsByName reports whether a function is one that reads, by its name: GetPage,
// SecuritySummary.
func readsByName(name string) bool {
	if effects.IsReadName(name) {
		return true
	}
	w := effects.Words(name)
	switch w[len(w)-1] {
	case "summary", "stats", "statistics", "overview", "report", "detail", "details":
		return !effects.IsWriteName(name)
	}
	return false
}

func isRepeated(name string) bool {
	for _, x := range effects.Words(name) {
		switch x {
		case "each", "foreach", "walk", "range", "retry", "map", "filter", "poll", "until", "loop", "times", "repeat", "every", "iterate", "batch", "batches", "backoff", "tick":
			return true
		}
	}
	return false
}
