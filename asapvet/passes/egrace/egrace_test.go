package egrace_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/egrace"
)

func Test(t *testing.T) { vettest.Run(t, egrace.Analyzer, "a") }
