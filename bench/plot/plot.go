// Package plot draws lines over logarithmic axes as SVG: just what the growth
// plot needs, without a library.
package plot

import (
	"errors"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
)

// Figure is panels side by side under one title.
type Figure struct {
	Title, Note string
	Panels      []Panel
}

// Panel is one pair of axes, both logarithmic. Limits are the decades around
// the points.
type Panel struct {
	Title, X, Y string // what the axes count, with units
	Series      []Series
}

// Series is one line, whose points have positive coordinates and come in
// order of x. Color is a CSS color.
type Series struct {
	Name, Color string
	Points      []Point
}

// Point is one measurement.
type Point struct{ X, Y float64 }

const (
	panelWidth, panelHeight = 380.0, 260.0
	left, right, top        = 64.0, 44.0, 84.0
	bottom, noteHeight      = 52.0, 22.0
)

// Write writes f as one SVG file with nothing outside of it. It fails if a
// panel is empty or a coordinate is not a positive number.
func (f *Figure) Write(w io.Writer) error {
	if len(f.Panels) == 0 {
		return errors.New("plot: no panels")
	}
	width := float64(len(f.Panels)) * (left + panelWidth + right)
	height := top + panelHeight + bottom + noteHeight
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" font-family="system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif" font-size="12">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n", html.EscapeString(f.Title))
	fmt.Fprintf(&b, `<rect width="%.0f" height="%.0f" fill="#ffffff"/>`+"\n", width, height)
	text(&b, left, 24, `font-size="16" font-weight="600" fill="#1f2328"`, f.Title)
	for i := range f.Panels {
		if err := f.Panels[i].write(&b, left+float64(i)*(left+panelWidth+right)); err != nil {
			return err
		}
	}
	text(&b, left, height-12, `fill="#656d76"`, f.Note)
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// axis maps a logarithmic range to pixels.
type axis struct {
	lo, hi   float64 // decimal logarithms, whole
	from, to float64 // pixels
}

func (a axis) at(v float64) float64 {
	return a.from + (math.Log10(v)-a.lo)/(a.hi-a.lo)*(a.to-a.from)
}

func newAxis(vs []float64, from, to float64) axis {
	a := axis{math.Floor(math.Log10(slices.Min(vs))), math.Ceil(math.Log10(slices.Max(vs))), from, to}
	if a.lo == a.hi {
		a.hi++
	}
	return a
}

func (p *Panel) write(b *strings.Builder, x0 float64) error {
	var xs, ys []float64
	for _, s := range p.Series {
		for _, pt := range s.Points {
			if !(pt.X > 0) || !(pt.Y > 0) || math.IsInf(pt.X, 0) || math.IsInf(pt.Y, 0) {
				return fmt.Errorf("plot: %s: %s has the point (%v, %v), which a logarithmic axis cannot show", p.Title, s.Name, pt.X, pt.Y)
			}
			xs, ys = append(xs, pt.X), append(ys, pt.Y)
		}
	}
	if len(xs) == 0 {
		return fmt.Errorf("plot: %s has no points", p.Title)
	}
	ax, ay := newAxis(xs, x0, x0+panelWidth), newAxis(ys, top+panelHeight, top)
	text(b, x0, 48, `font-weight="600" fill="#1f2328"`, p.Title)
	p.legend(b, x0)
	for d := ax.lo; d <= ax.hi; d++ {
		x := ax.at(math.Pow(10, d))
		line(b, x, top, x, top+panelHeight, "#eaeef2", 1)
		text(b, x, top+panelHeight+18, `text-anchor="middle" fill="#656d76"`, number(d))
	}
	for d := ay.lo; d <= ay.hi; d++ {
		y := ay.at(math.Pow(10, d))
		line(b, x0, y, x0+panelWidth, y, "#d0d7de", 1)
		text(b, x0-8, y+4, `text-anchor="end" fill="#656d76"`, number(d))
		for m := 2.0; m < 10 && d < ay.hi; m++ {
			y := ay.at(m * math.Pow(10, d))
			line(b, x0, y, x0+panelWidth, y, "#f3f5f7", 1)
		}
	}
	text(b, x0+panelWidth/2, top+panelHeight+40, `text-anchor="middle" fill="#424a53"`, p.X)
	fmt.Fprintf(b, `<text transform="translate(%.1f %.1f) rotate(-90)" text-anchor="middle" fill="#424a53">%s</text>`+"\n",
		x0-48, top+panelHeight/2, html.EscapeString(p.Y))
	for _, s := range p.Series {
		var path []string
		for _, pt := range s.Points {
			path = append(path, fmt.Sprintf("%.1f,%.1f", ax.at(pt.X), ay.at(pt.Y)))
		}
		fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2" stroke-linejoin="round"/>`+"\n", strings.Join(path, " "), s.Color)
		for _, pt := range s.Points {
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"><title>%s: %s at %s</title></circle>`+"\n",
				ax.at(pt.X), ay.at(pt.Y), s.Color, html.EscapeString(s.Name), short(pt.Y), short(pt.X))
		}
	}
	return nil
}

func (p *Panel) legend(b *strings.Builder, x float64) {
	for _, s := range p.Series {
		line(b, x, 65, x+18, 65, s.Color, 3)
		text(b, x+24, 69, `fill="#424a53"`, s.Name)
		x += 32 + 6.7*float64(len([]rune(s.Name)))
	}
}

func line(b *strings.Builder, x1, y1, x2, y2 float64, color string, width float64) {
	fmt.Fprintf(b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%g"/>`+"\n", x1, y1, x2, y2, color, width)
}

func text(b *strings.Builder, x, y float64, attrs, s string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" %s>%s</text>`+"\n", x, y, attrs, html.EscapeString(s))
}

// number writes 10^d with a comma a thousand.
func number(d float64) string {
	if d < 0 {
		return fmt.Sprintf("%.*f", int(-d), math.Pow(10, d))
	}
	return short(math.Pow(10, d))
}

func short(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
