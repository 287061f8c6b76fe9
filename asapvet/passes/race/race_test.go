package race_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/race"
)

func Test(t *testing.T) { vettest.Run(t, race.Analyzer, "a") }
