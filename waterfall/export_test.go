package waterfall

import (
	"io"

	"github.com/asap-go/asap"
)

// Printer is the observer inside Print's option.
func Printer(w io.Writer) asap.Observer { return &printer{w: w} }

// TextWidth is the number of terminal columns of s.
func TextWidth(s string) int { return textWidth(s) }

// Duration is how texts write a duration.
var Duration = duration

// Terminal is how Print finds the width and whether to color.
var Terminal = terminal

// HoldTotals is a reader of s that takes its time; release lets it go.
func HoldTotals(s *Stats) (release func()) {
	s.lock()
	return s.unlock
}
