package lostexit_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/lostexit"
)

func Test(t *testing.T) { vettest.Run(t, lostexit.Analyzer, "a") }
