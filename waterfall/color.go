package waterfall

import "strings"

type style uint8

const (
	none style = iota
	bold
	dim
	red
	yellow
	cyan
)

var codes = [...]string{"", "1", "2", "31", "33", "36"}

// style wraps s in the escape sequences of a style if there is color.
func (p *painter) style(s style, text string) string {
	if !p.color || s == none || text == "" || text == " " {
		return text
	}
	return "\x1b[" + codes[s] + "m" + text + reset
}

const reset = "\x1b[0m"

// trim takes the spaces off the end of a line, those with a style as well.
func trim(line string) string {
	end := ""
	for {
		line = strings.TrimRight(line, " ")
		at := strings.LastIndex(line, "\x1b[")
		if at < 0 || strings.IndexByte(line[at:], 'm') != len(line)-at-1 {
			return line + end
		}
		if end = ""; line[at:] == reset {
			end = reset
		}
		line = line[:at]
	}
}
