package egnowait_test

import (
	"testing"

	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/egnowait"
)

func Test(t *testing.T) { vettest.Run(t, egnowait.Analyzer, "a", "program") }
