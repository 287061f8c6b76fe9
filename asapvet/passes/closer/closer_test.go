package closer_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/closer"
)

func Test(t *testing.T) { vettest.Run(t, closer.Analyzer, "a") }
