// Package readers tests what package waterfall writes with the libraries that
// others read it with. It is a module of its own, so that these are required by
// nobody else.
package readers
