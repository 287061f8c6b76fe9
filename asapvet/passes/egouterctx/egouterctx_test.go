package egouterctx_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/egouterctx"
)

func Test(t *testing.T) { vettest.Run(t, egouterctx.Analyzer, "a") }
