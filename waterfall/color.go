package waterfall

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
	return "\x1b[" + codes[s] + "m" + text + "\x1b[0m"
}
