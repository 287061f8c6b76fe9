// Package asaptest helps to test code that uses asap.
//
// # Hidden round trips
//
// A task that waits for one more result than it needs costs a round trip and
// breaks nothing. Three assertions make it break a test: [AssertDepth] looks at
// a flow's structure and runs nothing, [AssertMakespan] runs code in virtual
// time, and [AssertCriticalPath] looks at the recording of a run. Their
// messages name the task that made the difference.
//
// # Engines and observers
//
// [TestExecutor] and [TestEngine] tell whether an engine keeps the rules that
// hold wherever a group runs; [TestObserver] tells whether an observer may be
// given to a group. [Executor] runs bodies one at a time in an order that a
// seed decides, and [Events] keeps what happened and checks it. [Portable]
// tells what would keep a flow from running on an engine in other processes.
package asaptest
