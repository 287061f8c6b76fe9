package options_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/options"
)

func Test(t *testing.T) { vettest.Run(t, options.Analyzer, "a") }
