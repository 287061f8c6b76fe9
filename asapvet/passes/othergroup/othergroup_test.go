package othergroup_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/othergroup"
)

func Test(t *testing.T) { vettest.Run(t, othergroup.Analyzer, "a") }
