// Package blocking finds bodies that keep a slot while they block.
package blocking

import (
	"go/ast"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports calls that block in bodies under a limit.
var Analyzer = check.New(check.Check{
	Name: "blocking",
	Doc: `report calls that block in a body under a limit, outside of Blocking

A body that waits for a lock, a connection of a pool, a semaphore, a rate limit, a
singleflight or a pause keeps its slot meanwhile, and if what it waits for is held by a
body that waits for a slot, both wait for ever. asap.Blocking gives the slot back. A
hint, off by default.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			for _, b := range u.Bodies {
				if b.Fn != nil && b.Task != nil && limited(b) {
					judge(pass, u, b)
				}
			}
		}
		return nil
	},
})

func limited(b *handles.Body) bool {
	if b.Group != nil && b.Group.Limited {
		return true
	}
	for _, o := range b.Task.Options {
		if o.Name == "Limit" || o.Name == "SharedLimit" {
			return true
		}
	}
	return false
}

// blocks are the calls that wait for something that is no task.
var blocks = map[handles.Call]string{
	{Path: "time", Name: "Sleep"}:                                            "a pause",
	{Path: "sync", Recv: "Mutex", Name: "Lock"}:                              "a lock",
	{Path: "sync", Recv: "RWMutex", Name: "Lock"}:                            "a lock",
	{Path: "sync", Recv: "RWMutex", Name: "RLock"}:                           "a lock",
	{Path: "sync", Recv: "Locker", Name: "Lock"}:                             "a lock",
	{Path: "sync", Recv: "WaitGroup", Name: "Wait"}:                          "other goroutines",
	{Path: "sync", Recv: "Cond", Name: "Wait"}:                               "a signal",
	{Path: "database/sql", Recv: "DB", Name: "Conn"}:                         "a connection of a pool",
	{Path: "database/sql", Recv: "DB", Name: "BeginTx"}:                      "a connection of a pool",
	{Path: "github.com/jackc/pgx/v5/pgxpool", Recv: "Pool", Name: "Acquire"}: "a connection of a pool",
	{Path: "github.com/jackc/pgx/v5/pgxpool", Recv: "Pool", Name: "Begin"}:   "a connection of a pool",
	{Path: "golang.org/x/sync/singleflight", Recv: "Group", Name: "Do"}:      "the call of another",
	{Path: "golang.org/x/sync/semaphore", Recv: "Weighted", Name: "Acquire"}: "a semaphore",
	{Path: "golang.org/x/time/rate", Recv: "Limiter", Name: "Wait"}:          "a rate limit",
	{Path: "golang.org/x/time/rate", Recv: "Limiter", Name: "WaitN"}:         "a rate limit",
}

func judge(pass *analysis.Pass, u *handles.Unit, b *handles.Body) {
	ast.Inspect(b.Fn.Block(), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return u.FnOf(n).Role == handles.Inline && !isBlocking(u, n)
		case *ast.CallExpr:
			if c, ok := handles.Callee(pass.TypesInfo, n); ok && blocks[c] != "" {
				pass.Reportf(n.Pos(), "task %s keeps its slot while it waits for %s; call this in asap.Blocking", b.Name(), blocks[c])
			}
		}
		return true
	})
}

// isBlocking reports whether lit is what Blocking calls.
func isBlocking(u *handles.Unit, lit *ast.FuncLit) bool {
	call, ok := u.Parent(lit).(*ast.CallExpr)
	if !ok {
		return false
	}
	op := u.Op(call)
	return op != nil && op.Callee.Path == check.Asap && op.Callee.Name == "Blocking"
}
