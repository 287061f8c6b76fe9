package main

import (
	"context"
	"io"
)

type nodeReport struct{}

func (*nodeReport) write(io.Writer) error { return nil }

func measureNode(context.Context, *options, io.Writer) (*nodeReport, error) { return nil, nil }
func growth(context.Context, *options, io.Writer) error                     { return nil }
