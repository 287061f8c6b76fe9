package waterfall

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// wide are the ranges of runes that take two columns: East Asian Wide and
// Fullwidth of Unicode 16 (UAX #11), which has the emoji of two columns in it.
var wide = []rune{
	0x1100, 0x115F, 0x231A, 0x231B, 0x2329, 0x232A, 0x23E9, 0x23EC, 0x23F0, 0x23F0,
	0x23F3, 0x23F3, 0x25FD, 0x25FE, 0x2614, 0x2615, 0x2630, 0x2637, 0x2648, 0x2653,
	0x267F, 0x267F, 0x268A, 0x268F, 0x2693, 0x2693, 0x26A1, 0x26A1, 0x26AA, 0x26AB,
	0x26BD, 0x26BE, 0x26C4, 0x26C5, 0x26CE, 0x26CE, 0x26D4, 0x26D4, 0x26EA, 0x26EA,
	0x26F2, 0x26F3, 0x26F5, 0x26F5, 0x26FA, 0x26FA, 0x26FD, 0x26FD, 0x2705, 0x2705,
	0x270A, 0x270B, 0x2728, 0x2728, 0x274C, 0x274C, 0x274E, 0x274E, 0x2753, 0x2755,
	0x2757, 0x2757, 0x2795, 0x2797, 0x27B0, 0x27B0, 0x27BF, 0x27BF, 0x2B1B, 0x2B1C,
	0x2B50, 0x2B50, 0x2B55, 0x2B55, 0x2E80, 0x2E99, 0x2E9B, 0x2EF3, 0x2F00, 0x2FD5,
	0x2FF0, 0x303E, 0x3041, 0x3096, 0x309B, 0x30FF, 0x3105, 0x312F, 0x3131, 0x318E,
	0x3190, 0x31E5, 0x31EF, 0x321E, 0x3220, 0x3247, 0x3250, 0xA48C, 0xA490, 0xA4C6,
	0xA960, 0xA97C, 0xAC00, 0xD7A3, 0xF900, 0xFAFF, 0xFE10, 0xFE19, 0xFE30, 0xFE52,
	0xFE54, 0xFE66, 0xFE68, 0xFE6B, 0xFF01, 0xFF60, 0xFFE0, 0xFFE6, 0x16FE0, 0x16FE3,
	0x16FF0, 0x16FF1, 0x17000, 0x187F7, 0x18800, 0x18CD5, 0x18CFF, 0x18D08, 0x1AFF0, 0x1AFFE,
	0x1B000, 0x1B2FB, 0x1D300, 0x1D356, 0x1D360, 0x1D376, 0x1F004, 0x1F004, 0x1F0CF, 0x1F0CF,
	0x1F18E, 0x1F18E, 0x1F191, 0x1F19A, 0x1F200, 0x1F202, 0x1F210, 0x1F23B, 0x1F240, 0x1F248,
	0x1F250, 0x1F251, 0x1F260, 0x1F265, 0x1F300, 0x1F320, 0x1F32D, 0x1F335, 0x1F337, 0x1F37C,
	0x1F37E, 0x1F393, 0x1F3A0, 0x1F3CA, 0x1F3CF, 0x1F3D3, 0x1F3E0, 0x1F3F0, 0x1F3F4, 0x1F3F4,
	0x1F3F8, 0x1F43E, 0x1F440, 0x1F440, 0x1F442, 0x1F4FC, 0x1F4FF, 0x1F53D, 0x1F54B, 0x1F54E,
	0x1F550, 0x1F567, 0x1F57A, 0x1F57A, 0x1F595, 0x1F596, 0x1F5A4, 0x1F5A4, 0x1F5FB, 0x1F64F,
	0x1F680, 0x1F6C5, 0x1F6CC, 0x1F6CC, 0x1F6D0, 0x1F6D2, 0x1F6D5, 0x1F6D7, 0x1F6DC, 0x1F6DF,
	0x1F6EB, 0x1F6EC, 0x1F6F4, 0x1F6FC, 0x1F7E0, 0x1F7EB, 0x1F7F0, 0x1F7F0, 0x1F90C, 0x1F93A,
	0x1F93C, 0x1F945, 0x1F947, 0x1F9FF, 0x1FA70, 0x1FAFF, 0x20000, 0x2FFFD, 0x30000, 0x3FFFD,
}

// columns is the number of terminal columns of one rune.
func columns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf), r >= 0x1160 && r <= 0x11FF:
		return 0
	}
	lo, hi := 0, len(wide)/2
	for lo < hi {
		mid := (lo + hi) / 2
		switch {
		case r < wide[2*mid]:
			hi = mid
		case r > wide[2*mid+1]:
			lo = mid + 1
		default:
			return 2
		}
	}
	return 1
}

// cluster cuts the first character, as a person counts them, off s, and says
// how many columns it takes: a base with its combining marks, a pair of
// regional indicators, emoji joined to one.
func cluster(s string) (size, width int) {
	first, size := utf8.DecodeRuneInString(s)
	width = columns(first)
	flag := isFlag(first)
	for size < len(s) {
		r, n := utf8.DecodeRuneInString(s[size:])
		switch {
		case r == 0x200D: // joins what follows
			_, m := utf8.DecodeRuneInString(s[size+n:])
			size += n + m
			continue
		case r == 0xFE0F: // as an emoji
			width = 2
		case flag && isFlag(r):
			width, flag = 2, false
		case r >= 0x1F3FB && r <= 0x1F3FF && width == 2: // skin
		case columns(r) != 0:
			return size, width
		}
		size += n
	}
	return size, width
}

func isFlag(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

// textWidth is the number of terminal columns of s.
func textWidth(s string) int {
	w := 0
	for len(s) > 0 {
		n, c := cluster(s)
		s = s[n:]
		w += c
	}
	return w
}

// fit pads or cuts s to w columns exactly.
func fit(s string, w int) string {
	if have := textWidth(s); have <= w {
		return s + strings.Repeat(" ", w-have)
	}
	head := s[:prefix(s, w-1)]
	return head + "…" + strings.Repeat(" ", max(w-1-textWidth(head), 0))
}

// short is s, cut to w columns if it is wider.
func short(s string, w int) string {
	if textWidth(s) <= w {
		return s
	}
	return strings.TrimRight(fit(s, w), " ")
}

// prefix is the length of the characters of s that fit into w columns.
func prefix(s string, w int) int {
	at := 0
	for at < len(s) {
		n, c := cluster(s[at:])
		if c > w {
			break
		}
		at += n
		w -= c
	}
	return at
}

// leastName is how many columns of a name are left before brackets are cut.
const leastName = 8

// fitTail is fit for a text of which the tail, a number mostly, must stay whole; of one
// in brackets that would leave hardly any of a name, the name stays.
func fitTail(s, tail string, w int) string {
	if number, _, more := strings.Cut(tail, " ("); more {
		indent := len(s) - len(strings.TrimLeft(s, " "))
		if room := w - textWidth(tail); textWidth(s) > room && room-indent < leastName {
			return fit(short(s, max(1, w-textWidth(number)))+tail, w)
		}
	}
	if tail == "" || textWidth(tail) >= w {
		return fit(s+tail, w)
	}
	return fit(short(s, w-textWidth(tail))+tail, w)
}

// isolate keeps a name that is written from right to left from turning what stands
// beside it, on a terminal that turns it: first strong isolate, and its end.
func isolate(s string) string {
	if !strings.ContainsFunc(s, rightToLeft) {
		return s
	}
	return "\u2068" + s + "\u2069"
}

func rightToLeft(r rune) bool {
	return r >= 0x590 && r <= 0x8FF || r >= 0xFB1D && r <= 0xFDFF || r >= 0xFE70 && r <= 0xFEFE || r >= 0x10800 && r <= 0x10FFF || r >= 0x1E800 && r <= 0x1EFFF
}
