package asaptest_test

import (
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/waterfall"
)

func TestObserverEvents(t *testing.T) {
	asaptest.TestObserver(t, func(*testing.T) asap.Observer { return new(asaptest.Events) })
}

func TestObserverRecorder(t *testing.T) {
	asaptest.TestObserver(t, func(*testing.T) asap.Observer { return new(waterfall.Recorder) })
}
