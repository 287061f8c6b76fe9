//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package waterfall

import "os"

// terminalWidth tells terminals from files; it does not know their width here.
func terminalWidth(f *os.File) (columns int, isTerminal bool) {
	info, err := f.Stat()
	return 0, err == nil && info.Mode()&os.ModeCharDevice != 0
}
