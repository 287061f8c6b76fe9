// Package waterfall shows where the time of a group went.
//
// A [Recorder] is an [asap.Observer]; it gives a [Run] at any moment, also in
// the middle of a run and of a stuck one. [Print] is the short way: it writes
// the waterfall of a group when the group ends.
//
//	g := asap.New(ctx, waterfall.Print(os.Stderr))
//
// # What a run knows
//
// A Run has the tasks of the outermost group and of every group nested in it,
// in order of declaration. The time from a task's declaration to its end is cut
// into pieces: [Queued], [Running], or [Blocked] on another task or a nested
// group. A wait that has lost its reason is no longer blocked: from the moment
// in which the awaited task ended until the body goes on, the task is queued.
//
// # Analyses
//
// [Run.CriticalPath] is what the run waited for at every instant, [Run.Measure]
// its work, span, parallelism and efficiency, [Run.WhatIf] a prediction,
// [Run.Ranking] what to fix first, [Compare] why two runs differ, and [Stats]
// an aggregate over many. Nothing here averages runs before it looks for a path:
// the critical path of mean durations is in general the path of no run at all.
//
// # Pictures
//
// [Run.Write] renders text, SVG, one self-contained HTML page, JSON, a trace
// for Chrome and Perfetto, the graph for Mermaid and Graphviz, and a profile for
// go tool pprof.
package waterfall
