// Package server runs a real Temporal server for tests: the program in
// ../../devserver, built once into the user's cache directory, as a child process
// with its workflows in a SQLite file.
//
//	func TestOrder(t *testing.T) {
//		s := server.Start(t)
//		c := s.Client(t)
//		...
//		s.Kill()    // as a power cut would
//		s.Restart() // same ports, same file
//	}
//
// The first build on a machine takes minutes: a server is two thousand
// packages. A test that cannot have one in time is skipped with the reason, on
// standard error as well; where the environment variable CI is set it fails.
// The child ends when its parent does, however that dies: its standard input
// is a pipe that only the parent holds.
package server
