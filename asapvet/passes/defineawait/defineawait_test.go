package defineawait_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/defineawait"
)

func Test(t *testing.T) { vettest.Run(t, defineawait.Analyzer, "a") }
