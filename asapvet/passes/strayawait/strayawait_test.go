package strayawait_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/strayawait"
)

func Test(t *testing.T) { vettest.Run(t, strayawait.Analyzer, "a") }
