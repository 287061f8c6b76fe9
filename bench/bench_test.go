package main

import (
	"flag"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/bench/contender"
	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

var most = flag.Int("most", 200_000, "largest graph that BenchmarkGraph runs, in tasks")

// TestMain lets this binary be the child of its own tests.
func TestMain(m *testing.M) {
	if isChild() {
		if err := serve(); err != nil {
			os.Stderr.WriteString("bench: " + err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// BenchmarkGraph runs every graph with every contender, for benchstat:
//
//	go test -bench 'Graph/graph=chain.*/contender=asap' -count 10 > new.txt
//	benchstat -col /contender new.txt
//
// The contenders of one graph follow one another, so on a machine that is not
// quiet the interleaved sampler of the command is to be trusted instead.
func BenchmarkGraph(b *testing.B) {
	entries, err := graph.Catalog(false)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		if e.Tasks > *most {
			continue
		}
		b.Run("graph="+label(e.Name), func(b *testing.B) {
			g := e.Make()
			want, err := oracle(g, work.Body{})
			if err != nil {
				b.Fatal(err)
			}
			for _, c := range contender.All() {
				if !c.Fits(g) {
					continue
				}
				b.Run("contender="+label(c.Name), func(b *testing.B) {
					for _, body := range []work.Body{{}, {Spin: time.Microsecond}, {Spin: 50 * time.Microsecond}} {
						if time.Duration(e.Tasks)*body.Spin > maxWork {
							continue
						}
						b.Run("body="+label(body.String()), func(b *testing.B) { benchmark(b, c, g, body, want) })
					}
				})
			}
		})
	}
}

func benchmark(b *testing.B, c *contender.Contender, g *graph.Graph, body work.Body, want uint64) {
	forms := c.New()
	if forms.Close != nil {
		defer forms.Close()
	}
	s := subject(c.Name, forms.For(g), g, body, want)
	runtime.GC()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := s.Run(); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*g.Len()), "ns/task")
}

// label is a name without what the benchmark format gives a meaning to.
func label(s string) string {
	return strings.NewReplacer(" ", "_", "/", "-", ",", "", "µ", "u").Replace(s)
}
