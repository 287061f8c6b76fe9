// Package whatif compares what package waterfall predicts with what happens. It has
// tests only.
//
// A [program] is a random program as a value: groups, nested or not, whose bodies
// sleep and await in a bubble of testing/synctest. It is run and recorded; a change is
// predicted from the record; the program with that change is run again; and the two are
// compared. TestPredictions does so for each kind of program and prints a table; TestPagePredictsTheSame compares the page of a run with the package.
//
//	go test ./internal/whatif -run TestPredictions -graphs=2000 -v
//
// The flags: -graphs, how many of each kind; -kind, one kind alone; -first, the first
// seed; -seed, one program alone, with its record, the prediction, and what happened;
// -misses, how many misses to print, the worst first; of these two, -others says how many
// other runs tell what one does not, and -all that they tell everything: then the table
// has a column of that, and one of the same program run once more, as no prediction can be
// better than that.
package whatif
