package defineclosure_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/defineclosure"
)

func Test(t *testing.T) { vettest.Run(t, defineclosure.Analyzer, "a") }
