// Package servertest holds the tests of temporalasap that need a real Temporal
// server. It is a module of its own, which temporalasap does not require, so
// that nobody who uses temporalasap downloads them:
//
//   - here, what a server and one worker show: the rules, cancellation, sizes,
//     random flows, what a flow costs beside the same workflow by hand;
//   - in chaos, what worker processes and a server show that are killed;
//   - in server, what builds, starts and kills the server.
//
// make test-servers runs them.
package servertest
