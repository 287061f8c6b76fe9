package early_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/early"
)

func Test(t *testing.T) { vettest.Run(t, early.Analyzer, "a") }
