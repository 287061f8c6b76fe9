package temporalasap_test

import (
	"fmt"
	"os"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/waterfall"
)

// What took the time in a run on a cluster, and what a faster task would give.
// The history is a file here; a client has it from GetWorkflowHistory.
func ExampleHistory() {
	flow := asaptest.Flows()[0] // one, two, three and text, in a chain
	file, err := os.Open("testdata/histories/asaptest.chain.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	history, err := client.HistoryFromJSON(file, client.HistoryJSONOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	run, err := temporalasap.History(flow, history)
	if err != nil {
		fmt.Println(err)
		return
	}
	var waited time.Duration
	for _, step := range run.CriticalPath() {
		switch step.State {
		case waterfall.Running:
			fmt.Println(step.Name, run.Task(step.Name).Outcome)
		case waterfall.Queued:
			waited += step.End - step.Start
		}
	}
	faster, err := run.WhatIf(waterfall.Speed("two", 0.5))
	fmt.Println("queued most of the time:", waited > run.Makespan/2)
	fmt.Println("faster:", err == nil && faster.Makespan < run.Makespan)
	// Output:
	// one Succeeded
	// two Succeeded
	// three Succeeded
	// text Succeeded
	// queued most of the time: true
	// faster: true
}
