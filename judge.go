package asap

import (
	"github.com/asap-go/asap/internal/echo"
	"github.com/asap-go/asap/internal/engine"
)

// judge begins to judge errors that n's body has returned, for the group that has the
// given end or, with nil, none.
func (g *Group) judge(n *engine.Node, end *engine.Ending) echo.Judgement {
	var cause error
	if end != nil {
		cause = end.Cause
	}
	return echo.New(known, &g.core, cause, (*body)(n))
}

// known says what package echo has to know of the errors of this one.
func known(err error) echo.Known {
	switch e := err.(type) {
	case *TaskError:
		if e.mark.Group != nil { // else made by a user, or elsewhere
			return echo.Known{Task: &e.mark}
		}
	case *exitError:
		return echo.Known{Exit: &e.group.core}
	case *lateError:
		return echo.Known{Behind: e.err}
	case *raceLostError:
		return echo.Known{Lost: true}
	}
	return echo.Known{}
}

// body is a node whose body has returned an error.
type body engine.Node

var _ echo.Body = (*body)(nil)

func (b *body) IsLate() bool { return engine.OutsideDeadline((*engine.Node)(b)) }
