// Package singleflight has the signatures of singleflight, without what they do.
package singleflight

type Group struct{ _ int }

func (g *Group) Do(key string, fn func() (any, error)) (v any, err error, shared bool) { return }
