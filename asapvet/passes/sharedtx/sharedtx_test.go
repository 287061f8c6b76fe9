package sharedtx_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/sharedtx"
)

func Test(t *testing.T) { vettest.Run(t, sharedtx.Analyzer, "a") }
