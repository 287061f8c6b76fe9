//go:build !unix

package server

import "context"

// lock does nothing where there is no flock: two processes that need the
// server at the same time both build it, and the last one's file stays.
func lock(context.Context, string) (unlock func(), err error) {
	return func() {}, nil
}
