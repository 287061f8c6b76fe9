//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package waterfall

import (
	"os"
	"syscall"
	"unsafe"
)

// terminalWidth asks the terminal behind f for its columns.
func terminalWidth(f *os.File) (columns int, isTerminal bool) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, false
	}
	var size struct{ rows, columns, x, y uint16 }
	var errno syscall.Errno
	err = conn.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	})
	return int(size.columns), err == nil && errno == 0
}
