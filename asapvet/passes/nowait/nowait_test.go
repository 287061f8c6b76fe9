package nowait_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/nowait"
)

func Test(t *testing.T) { vettest.Run(t, nowait.Analyzer, "a", "program") }
