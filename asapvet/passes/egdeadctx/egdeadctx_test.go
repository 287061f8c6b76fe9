package egdeadctx_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/egdeadctx"
)

func Test(t *testing.T) { vettest.Run(t, egdeadctx.Analyzer, "a") }
