// Package mock has what doubles embed, whatever they are called.
package mock

type Mock struct{}

func (*Mock) Called(args ...any) {}
