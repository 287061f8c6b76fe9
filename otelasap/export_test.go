package otelasap

// Kept is the number of runs that o still knows.
func (o *Observer) Kept() (n int) {
	o.runs.Range(func(any, any) bool { n++; return true })
	return n
}

// KeptTasks is how many tasks and groups are kept of all runs.
func (o *Observer) KeptTasks() (n int) {
	o.runs.Range(func(_, r any) bool {
		run := r.(*run)
		run.mu.Lock()
		defer run.mu.Unlock()
		n += len(run.tasks) + len(run.groups)
		return true
	})
	return n
}
