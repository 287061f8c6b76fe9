// Package randomflow makes flows at random and says what must come of them,
// whichever engine runs them. It is for tests alone: of package asaptest and of
// the adapters to other engines.
//
// A flow has up to 200 tasks of every kind. Its bodies are pure functions of
// their arguments and the seed, its values go through encoding/json, and its
// outcome does not depend on what is faster: a fail-fast flow has at most one
// task that fails, a settled one any number, and at most one task exits. What
// it must give is computed task by task, without running anything.
package randomflow
