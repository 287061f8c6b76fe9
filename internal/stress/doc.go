// Package stress tests package asap with random programs against a sequential
// simulation of its rules. It has tests only.
//
// # What runs
//
// A graph, in random_graph_test.go, is a random program: tasks of every kind in
// shapes from chains to dense layers, what each body does and how it ends,
// groups nested in bodies, limits, parents that end, goroutines outside. Its
// seed makes it, in random_gen_test.go.
//
// TestRandomGraphs runs each on the engine, in a bubble of testing/synctest,
// and in the simulation, in oracle_*_test.go, and compares every step of every
// body with its instant, every awaited value and error, and every outcome.
// Durations are such that no two things happen at one instant by chance. Where
// one thing makes two happen, and the rules do not say which is first, the
// simulation says so, and only what holds in any case is checked, as it is in
// TestRandomTies, whose durations collide, and in TestRealTime, which has no
// bubble. TestPlantedCycles makes rings of waits, and knows who closes them.
//
// # How to look at a failure
//
// A failure names the seed and prints the graph without what the failure does
// not need. To run it again:
//
//	go test ./internal/stress -run TestRandomGraphs -seed=1234 -steps -v
//
// The flags: -graphs, how many (20,000 if not given, and a tenth of them under
// race); -first, the first seed; -seed, one graph alone, with -ties if it has
// some; -steps, what every body did and should have done; -shrink=false, the
// graph as it is; -failures, after how many a run stops; -soak, how many TestSoak runs. Weights, of which 0 leaves out
// what a graph may do besides: -left, bodies that leave goroutines behind, which
// await and declare; -several, bodies of which several goroutines wait at once,
// for each other's tasks too; -strangers, strangers that stop nested groups;
// -ends, nested groups whose context the body ends; -options, options of tasks,
// MapOptional and Races with inputs; -mayfail, tasks that may fail; -time, limits of time; -shared, a limit
// that groups and tasks share; -undos, undos. And -finish=false, to expect
// that slots go to who is ready first, and not to what has begun.
package stress
