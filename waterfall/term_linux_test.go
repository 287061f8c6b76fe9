package waterfall_test

import (
	"os"
	"syscall"
	"testing"
	"unsafe"

	"github.com/asap-go/asap/waterfall"
)

// A terminal gets color and its own width; NO_COLOR, a file and a pipe do not.
func TestTerminal(t *testing.T) {
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminal here:", err)
	}
	defer tty.Close()
	size := struct{ rows, columns, x, y uint16 }{rows: 24, columns: 132}
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, tty.Fd(), syscall.TIOCSWINSZ, uintptr(unsafe.Pointer(&size))); errno != 0 {
		t.Fatal(errno)
	}
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	if width, color := waterfall.Terminal(tty); width != 132 || !color {
		t.Errorf("terminal of 132 columns: width %d, color %t, want 132, true", width, color)
	}
	t.Setenv("NO_COLOR", "1")
	if width, color := waterfall.Terminal(tty); width != 132 || color {
		t.Errorf("with NO_COLOR: width %d, color %t, want 132, false", width, color)
	}
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "dumb")
	if _, color := waterfall.Terminal(tty); color {
		t.Error("color on a dumb terminal")
	}
	t.Setenv("COLUMNS", "72")
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if width, color := waterfall.Terminal(null); width != 72 || color {
		t.Errorf("a file with COLUMNS=72: width %d, color %t, want 72, false", width, color)
	}
}
