package lostwait_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/lostwait"
)

func Test(t *testing.T) { vettest.Run(t, lostwait.Analyzer, "a") }
