package waterfall_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/passes/waterfall"
)

// generate writes a module of about that many lines: handlers that call services, which
// call stores, by interfaces, in packages of 2,000 lines.
func generate(b *testing.B, lines int) string {
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.org/gen\ngo 1.27\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	const each = 50
	for p := range lines / (each * 43) {
		var s strings.Builder
		fmt.Fprintf(&s, "package p%d\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n\t\"fmt\"\n)\n\n", p)
		for i := range each {
			fmt.Fprintf(&s, `type store%[1]d struct{ db *sql.DB }

type Store%[1]d interface {
	Get(ctx context.Context, id int) (string, error)
	Own(*store%[1]d) bool
	Count(ctx context.Context, id int) (int, error)
}

func (s *store%[1]d) Get(ctx context.Context, id int) (name string, err error) {
	if id < 0 {
		return "", fmt.Errorf("no %%d", id)
	}
	return name, s.db.QueryRowContext(ctx, "SELECT name FROM t WHERE id = ?", id).Scan(&name)
}

func (s *store%[1]d) Own(other *store%[1]d) bool { return s == other }

func (s *store%[1]d) Count(ctx context.Context, id int) (n int, err error) {
	return n, s.db.QueryRowContext(ctx, "SELECT count(*) FROM t WHERE parent = ?", id).Scan(&n)
}

type service%[1]d struct{ store Store%[1]d }

func (s *service%[1]d) Page(ctx context.Context, id int) (string, error) {
	name, err := s.store.Get(ctx, id)
	if err != nil {
		return "", fmt.Errorf("get: %%w", err)
	}
	count, err := s.store.Count(ctx, id)
	if err != nil {
		return "", fmt.Errorf("count: %%w", err)
	}
	for i := range count {
		name += fmt.Sprint(i)
	}
	return name, nil
}

`, i)
		}
		sub := filepath.Join(dir, fmt.Sprintf("p%d", p))
		if err := os.Mkdir(sub, 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(sub, "p.go"), []byte(s.String()), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

var benchLines = flag.Int("benchlines", 100_000, "the `lines` of generated code that BenchmarkFind analyses")

// cpuTime is what the process has computed: on a busy machine the clock says little.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFind analyses 100,000 lines that are loaded already: the effects of all
// functions, and the sites, of which there is one every 40 lines.
func BenchmarkFind(b *testing.B) {
	program, packages := loadAll(b, generate(b, *benchLines))
	start := cpuTime(b)
	for b.Loop() {
		sites := 0
		table := effects.Of(packages, nil)
		for _, p := range packages {
			sites += len(waterfall.Find(p, table))
		}
		if sites == 0 {
			b.Fatalf("%d sites", sites)
		}
	}
	b.ReportMetric(float64(program.Lines)*float64(b.N)/1000/(cpuTime(b)-start).Seconds(), "kLOC/cpu-s")
}
