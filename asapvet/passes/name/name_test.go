package name_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/name"
)

func Test(t *testing.T) { vettest.Run(t, name.Analyzer, "a") }
