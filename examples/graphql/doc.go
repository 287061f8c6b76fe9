// Package graphql is a GraphQL API whose resolvers ask for one key each, and whose
// calls go out together: the query of a list of 100 items with their authors, their
// prices and the authors' countries is four calls, however busy the machine is.
//
// [github.com/99designs/gqlgen] resolves the fields of all items at the same time, each
// in a goroutine of its own. What asks for one of something through package batch has
// to be a body of a group, for the group to know who could still ask: [Fields] makes one
// of every resolver, ten lines a server. [OfGroup] are the loaders with it, [OfWindow]
// the usual ones, which wait for a window of time.
package graphql

//go:generate go tool gqlgen generate
