package unsetawait_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/unsetawait"
)

func Test(t *testing.T) { vettest.Run(t, unsetawait.Analyzer, "a") }
