package awaitcause_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/awaitcause"
)

func Test(t *testing.T) { vettest.Run(t, awaitcause.Analyzer, "a") }
