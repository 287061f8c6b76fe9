package selfwait_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/selfwait"
)

func Test(t *testing.T) { vettest.Run(t, selfwait.Analyzer, "a") }
