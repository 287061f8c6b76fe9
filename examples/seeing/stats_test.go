package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// What a program asks a Stats during an incident.
func ask(stats *waterfall.Stats, w io.Writer) {
	fmt := printer{w}
	r := stats.Report("home", waterfall.Minute)
	fmt.Println(r.Runs, r.P99, r.Tasks[0].Name)
	for _, k := range r.Failed { // runs that can be opened
		fmt.Println(k.Err, stats.Run(k.Number).Explain()[0])
	}
	if c, ok := stats.Changed("home"); ok {
		fmt.Println(c.Words()[0])
	}
}

// printer writes what is printed elsewhere.
type printer struct{ io.Writer }

func (p printer) Println(a ...any) { fmt.Fprintln(p.Writer, a...) }

func TestAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2000, 1, 1, 13, 3, 25, 0, time.Local)))
		stats := new(waterfall.Stats)
		home := func(quote time.Duration, err error) {
			g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats))
			g.Do("quote", func(context.Context) error { time.Sleep(quote); return err })
			g.Wait()
			time.Sleep(5*time.Second - quote)
		}
		for range 12 * 60 {
			home(10*time.Millisecond, nil)
		}
		for i := range 12 {
			var err error
			if i == 7 {
				err = errors.New("no route")
			}
			home(80*time.Millisecond, err)
		}
		var out writer
		ask(stats, &out)
		if want := "12 80ms quote\nquote: no route quote failed at 80 ms: no route\np99 10 ms → 80 ms, +70 ms since 14:03:25: quote explains 70 ms\n"; string(out) != want {
			t.Errorf("printed %q, want %q", out, want)
		}
	})
}

type writer []byte

func (w *writer) Write(b []byte) (int, error) { *w = append(*w, b...); return len(b), nil }
