package vettest_test

import (
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/vettest"
)

// TestStubs type-checks the stubs.
func TestStubs(t *testing.T) {
	a := &analysis.Analyzer{Name: "nothing", Doc: "nothing", Run: func(*analysis.Pass) (any, error) { return nil, nil }}
	vettest.Run(t, a,
		"github.com/asap-go/asap/flow", "github.com/jackc/pgx/v5/pgxpool", "gorm.io/gorm", "xorm.io/xorm",
		"golang.org/x/sync/errgroup", "golang.org/x/sync/semaphore", "golang.org/x/sync/singleflight", "golang.org/x/time/rate")
}
