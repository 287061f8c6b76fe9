package waterfall_test

import (
	"fmt"
	"strings"

	"github.com/asap-go/asap/waterfall"
)

// seen is a Stats that has seen a few runs.
func seen(names ...string) *waterfall.Stats {
	stats := new(waterfall.Stats)
	for _, name := range names {
		run := load()
		run.Name = name
		stats.Add(run)
	}
	return stats
}

func ExampleStats_Run() {
	stats := seen("home", "cart")
	fmt.Println(stats.Run(2).Name, stats.Run(2).Number, stats.Run(3) == nil)
	// Output:
	// cart 2 true
}

func ExampleStats_Forgotten() {
	var names []string
	for i := range 300 {
		names = append(names, fmt.Sprint("user-", i)) // names are for kinds of groups, not for groups
	}
	stats := seen(names...)
	fmt.Println(len(stats.Names()), stats.Forgotten())
	// Output:
	// 256 44
}

func ExampleBucket() {
	for _, b := range seen("home", "home", "home").Report("home", waterfall.SinceStart).Buckets {
		fmt.Printf("%d runs of %.0f to %.0f ms\n", b.Runs, b.Low.Seconds()*1e3, b.High.Seconds()*1e3)
	}
	// Output:
	// 3 runs of 348 to 364 ms
}

func ExampleRun_WriteHTML() {
	var page strings.Builder
	frame := waterfall.Frame{Nonce: "q8Zr", Top: `<nav><a href="/runs">all runs</a></nav>`}
	if err := load().WriteHTML(&page, frame); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.Contains(page.String(), `<script nonce="q8Zr">`), strings.Contains(page.String(), "all runs"))
	// Output:
	// true true
}
