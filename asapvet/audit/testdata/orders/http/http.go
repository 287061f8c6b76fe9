// Package http stands for net/http, which is long to load.
package http

import "context"

type ResponseWriter interface{ Write([]byte) (int, error) }

type Request struct{ ctx context.Context }

func (r *Request) Context() context.Context { return r.ctx }

func (r *Request) PathValue(string) string { return "" }
