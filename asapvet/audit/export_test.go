package audit

// Alike is how spans' texts and constants are compared.
var Alike = alike

// Matches is how -package is read.
var Matches = matches

// Measured is a site of which it is known what its calls took.
func Measured(s Site, least float64, samples ...[]float64) *Site {
	s.measure(samples, least)
	return &s
}

// Of is a report of measured sites.
func Of(sites ...*Site) *Report {
	r := &Report{Version: Version, Sites: sites, measured: true}
	order(r.Sites)
	return r
}

// Uses sets what is said of the needs of a call.
func (c *Call) Uses(list ...string) { c.uses = list }
