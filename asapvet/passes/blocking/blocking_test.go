package blocking_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/blocking"
)

func Test(t *testing.T) { vettest.Run(t, blocking.Analyzer, "a") }
