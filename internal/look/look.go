// Package look is what the pages of packages waterfall and asapweb have in
// common: a style sheet, and how durations and names are written.
package look

import _ "embed"

// CSS is the style sheet: colors for light and dark surroundings, headings,
// figures, tables, buttons. It refers to nothing outside.
//
//go:embed look.css
var CSS string
