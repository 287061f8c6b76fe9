package otelasap

// Kept is the number of runs that o still knows.
func (o *Observer) Kept() (n int) {
	o.runs.Range(func(any, any) bool { n++; return true })
	return n
}
