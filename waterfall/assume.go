package waterfall

// assumption is something that a prediction rests on and the record does not tell.
type assumption struct {
	what assumed
	task int
}

type assumed uint8

const (
	runsOn   assumed = iota // until its context ends, as it did
	wentWell                // after a wait that had failed
	neverRan
)

func (s *sim) note(what assumed, i int) { s.notes[assumption{what, i}] = true }
