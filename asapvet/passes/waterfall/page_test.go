package waterfall_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/waterfall"
)

// The page of docs/asapvet.md, before and after: that they are the same is a test of the
// documents.
func TestPage(t *testing.T) { vettest.Run(t, waterfall.Analyzer, "docs") }
