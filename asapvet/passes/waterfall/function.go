package waterfall

import (
	"go/ast"
	"path/filepath"
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
func functionLow(file, name string) []string {
	var low []string
	w := effects.Words(name)
	if len(w) > 0 {
		switch w[0] {
		case "create", "update", "delete", "remove", "add", "set", "put", "save", "upsert", "insert", "register", "revoke", "grant", "assign", "unassign",
			"patch", "ensure", "refresh", "sync", "migrate", "import", "restore", "rename", "attach", "detach", "mark", "enable", "disable", "reset", "rotate",
			"stop", "start", "cancel", "kill", "restart", "retry", "rollback", "cleanup", "clean", "prune", "purge", "apply", "generate", "provision":
			low = append(low, "the function changes something, by its name")
		case "require", "check", "verify", "validate", "authorize", "authenticate", "can", "must", "allow", "permit", "guard":
			low = append(low, "the function is a check, by its name")
		case "migration", "test", "benchmark", "fuzz", "seed", "bootstrap", "setup", "diagnose":
			low = append(low, "the function is a migration, a job or a test, by its name")
		}
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

func isTransaction(name string) bool {
	w := effects.Words(name)
	for i, x := range w {
		switch x {
		case "tx", "transaction", "transact", "transactional", "atomically", "atomic", "txn":
			return true
		case "lock", "locked":
			return i > 0 || len(w) == 1
		}
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
