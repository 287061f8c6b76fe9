package cores_test

import (
	"testing"

	"github.com/asap-go/asap/bench/cores"
)

// TestMeasure checks the order of magnitude, and that what must be dearer is.
func TestMeasure(t *testing.T) {
	c := cores.Measure()
	t.Logf("%+v", c)
	if c.RMW < 0.2 || c.RMW > 200 || c.Near <= 0 || c.Near > 20_000 {
		t.Errorf("an atomic change takes %.1f ns, bringing its line over %.1f ns", c.RMW, c.Near)
	}
	if c.Ready <= 0 || c.WakeIdle < 0 {
		t.Errorf("a goroutine is made ready in %.0f ns and runs after %.0f or %.0f ns", c.Ready, c.WakeSpinning, c.WakeIdle)
	}
}
