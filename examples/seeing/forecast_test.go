package main

import (
	"fmt"
	"math"
	"os"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// whatWouldHelp asks what a second call of ads and a deadline would make of the last hour.
func whatWouldHelp(stats *waterfall.Stats) error {
	f, err := stats.Sample("home", waterfall.Hour).WhatIf(
		waterfall.Hedge("ads", .95), waterfall.Within("ads", 60*time.Millisecond))
	if err != nil {
		return err // too few runs, no such task, or one that cannot be called twice
	}
	fmt.Println(f.Words()[0])
	return nil
}

func TestWhatWouldHelp(t *testing.T) {
	stats := new(waterfall.Stats)
	for i := range 2000 {
		ads := time.Duration(20e6 * math.Exp(1.5*math.Sin(float64(i))))
		stats.Add(&waterfall.Run{
			Name: "home", Makespan: ads, Ended: true,
			Groups: []waterfall.Group{{ID: 1, Name: "home", End: ads, Outcome: asap.Succeeded}},
			Tasks:  []waterfall.Task{{ID: 2, Group: 1, Name: "ads", Outcome: asap.Succeeded, Optional: true, Pieces: []waterfall.Piece{{State: waterfall.Running, End: ads}}}},
		})
	}
	if err := whatWouldHelp(stats); err != nil {
		t.Error(err)
	}
}

// docs/seeing.md asks kept runs of a page.
func TestKeptRuns(t *testing.T) {
	file, err := os.Open("../../docs/runs/product-many.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sample, err := waterfall.ReadSample(file)
	if err != nil {
		t.Fatal(err)
	}
	list, err := sample.Ranking()
	if err != nil || len(list) < 3 {
		t.Errorf("%d suggestions, %v; want some", len(list), err)
	}
}
