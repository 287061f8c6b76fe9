package bodyctx_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/bodyctx"
)

func Test(t *testing.T) { vettest.Run(t, bodyctx.Analyzer, "a") }
