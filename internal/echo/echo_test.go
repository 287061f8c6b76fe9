package echo_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/asap-go/asap/internal/echo"
)

// group is a group at a depth.
type group struct{ depth int }

func (g *group) Depth() int { return g.depth }

// late is a body that has a deadline from outside that has passed, or has not.
type late bool

func (b late) IsLate() bool { return bool(b) }

// The errors of the package above.
type (
	task struct {
		err  error
		mark echo.Mark
	}
	exit    struct{ of *group }
	limited struct{ err error }
	lost    struct{}
)

func (e *task) Error() string    { return "task" }
func (e *task) Unwrap() error    { return e.err }
func (e *exit) Error() string    { return "exit" }
func (e *limited) Error() string { return "timeout" }
func (e lost) Error() string     { return "race lost" }

func known(err error) echo.Known {
	switch e := err.(type) {
	case *task:
		return echo.Known{Task: &e.mark}
	case *exit:
		return echo.Known{Exit: e.of}
	case *limited:
		return echo.Known{Behind: e.err}
	case lost:
		return echo.Known{Lost: true}
	}
	return echo.Known{}
}

// says is an error whose Is method knows a target. It wraps err.
type says struct{ target, err error }

func (e *says) Error() string        { return "says" }
func (e *says) Is(target error) bool { return target == e.target }
func (e *says) Unwrap() error        { return e.err }

// silent is an error whose Error method panics.
type silent struct{}

func (silent) Error() string { panic("no text") }

// uncomparable cannot be compared.
type uncomparable []error

func (uncomparable) Error() string { return "uncomparable" }

// of returns the error of a task of g, whose body has returned err.
func of(g *group, cause error, b late, err error) *task {
	j := echo.New(known, g, cause, b)
	j.Add(err)
	return &task{err, j.Mark()}
}

var (
	outer, here, other, inner = &group{0}, &group{1}, &group{1}, &group{2}

	errBoom  = errors.New("boom")
	errCause = errors.New("why it ended")
	canceled = context.Canceled
	deadline = context.DeadlineExceeded
)

func TestJudgement(t *testing.T) {
	failure := of(here, nil, false, errBoom)
	failure.mark.Listed = true
	joined := func(errs ...error) error { return errors.Join(errs...) }
	wrapped := func(err error) error { return fmt.Errorf("in: %w", err) }
	const (
		fails = iota
		echoes
		collateral
		exits
	)
	for _, test := range []struct {
		name  string
		why   string
		err   error
		cause error
		late  late
		want  int
	}{
		{"a user's", "", errBoom, nil, false, fails},
		{"a user's, after the end", "", errBoom, errCause, true, fails},
		{"the cause", "", errCause, errCause, false, echoes},
		{"the cause, wrapped", "", wrapped(errCause), errCause, false, echoes},
		{"another's cause", "", errCause, canceled, false, fails},
		{"a cause that cannot be compared", "two of them are not known to be one", uncomparable{}, uncomparable{}, false, fails},

		{"canceled", "", canceled, errCause, false, echoes},
		{"canceled before the end", "", canceled, nil, false, fails},
		{"canceled, by the text of gRPC", "", errors.New("rpc error: code = Canceled desc = context canceled"), errCause, false, echoes},
		{"canceled, by the text of one that wraps", "only a leaf is asked for its text", fmt.Errorf("%w: context canceled", errBoom), errCause, false, fails},
		{"says that it is canceled", "what is behind it is not asked", &says{canceled, errBoom}, errCause, false, echoes},
		{"without a text", "", silent{}, errCause, false, fails},

		{"deadline, late", "", deadline, errCause, true, echoes},
		{"deadline, not late", "the body's own", deadline, errCause, false, fails},
		{"deadline by its text, late", "", errors.New("rpc: context deadline exceeded"), errCause, true, echoes},
		{"deadline by its text, not late", "", errors.New("rpc: context deadline exceeded"), errCause, false, fails},
		{"says deadline, late", "", &says{deadline, errBoom}, errCause, true, echoes},
		{"says deadline, not late", "what is behind it decides", &says{deadline, canceled}, errCause, false, echoes},

		{"joined echoes", "", joined(canceled, wrapped(errCause)), errCause, false, echoes},
		{"an echo and another", "a rollback's", joined(canceled, errBoom), errCause, false, fails},
		{"joined with nil", "", &several{[]error{nil, canceled, nil}}, errCause, false, echoes},
		{"wraps nothing", "", &several{}, errCause, false, fails},

		{"a listed failure", "", wrapped(failure), nil, false, collateral},
		{"a listed failure, after the end", "", wrapped(failure), errCause, false, echoes},
		{"a listed failure and another", "", joined(failure, errBoom), nil, false, fails},
		{"because of a listed failure", "", of(here, nil, false, failure), nil, false, collateral},
		{"a failure of another group", "", of(other, nil, false, errBoom), nil, false, fails},
		{"a nested group's echo", "", of(inner, errCause, false, canceled), errCause, false, echoes},
		{"a nested group's failure", "", of(inner, nil, false, errBoom), errCause, false, fails},
		{"a nested group's deadline, late", "", of(inner, nil, true, deadline), errCause, true, echoes},
		{"a nested group's deadline", "of that group alone", of(inner, deadline, true, deadline), errCause, false, fails},
		{"a nested group's cause", "a user's error is a failure elsewhere", of(inner, errBoom, false, errBoom), errCause, false, fails},
		{"a lost race inside", "", of(inner, lost{}, false, lost{}), errCause, false, echoes},
		{"the cause inside a nested group's", "a user's may be anywhere", of(inner, nil, false, wrapped(errCause)), errCause, false, echoes},

		{"an exit", "", &exit{here}, nil, false, exits},
		{"an exit, wrapped and joined", "", joined(errBoom, wrapped(&exit{here})), nil, false, exits},
		{"an exit of another group", "", &exit{other}, nil, false, fails},
		{"an exit of another group, after the end", "", &exit{other}, errCause, false, fails},
		{"an exit behind a limit of time", "", &limited{&exit{here}}, nil, false, exits},
		{"an exit through a nested group's task", "", of(inner, nil, false, &exit{here}), nil, false, exits},
		{"an exit of the group around", "", of(inner, nil, false, &exit{outer}), nil, false, fails},
		{"behind a limit of time", "its own has ended it before", &limited{canceled}, errCause, true, fails},
	} {
		j := echo.New(known, here, test.cause, test.late)
		j.Add(test.err)
		m := j.Mark()
		got := fails
		switch {
		case j.Exit != nil:
			got = exits
		case m.Echo:
			got = echoes
		case m.Collateral:
			got = collateral
		}
		if got != test.want {
			t.Errorf("%s: %d, want %d (0 fails, 1 echoes, 2 collateral, 3 exits); %s", test.name, got, test.want, test.why)
		}
	}
}

// several wraps errors.
type several struct{ errs []error }

func (e *several) Error() string   { return "several" }
func (e *several) Unwrap() []error { return e.errs }

// TestOnce looks through a tree once, however many groups pass it on.
func TestOnce(t *testing.T) {
	asked := 0
	var err error = &counted{&asked}
	for depth := 100; depth >= 0; depth-- {
		j := echo.New(known, &group{depth}, errCause, late(false))
		j.Add(err)
		m := j.Mark()
		if m.Echo {
			t.Fatalf("at depth %d it is an echo", depth)
		}
		err = &task{err, m}
	}
	if asked != 2 { // for Canceled and for DeadlineExceeded
		t.Errorf("the error was asked %d times, want twice", asked)
	}
}

type counted struct{ asked *int }

func (e *counted) Error() string { return "counted" }
func (e *counted) Is(error) bool { *e.asked++; return false }

func TestParts(t *testing.T) {
	listed := of(here, nil, false, errBoom)
	listed.mark.Listed = true
	for _, test := range []struct {
		name       string
		parts      []error
		cause      error
		echo, coll bool
	}{
		{"failures", []error{of(here, nil, false, errBoom), of(here, nil, false, errBoom)}, nil, false, false},
		{"failures, after the end", []error{of(here, nil, false, errBoom)}, errCause, false, false},
		{"echoes", []error{of(here, errCause, false, canceled), of(here, errCause, false, errCause)}, errCause, true, false},
		{"skipped for the cause", []error{errCause, of(here, errCause, false, canceled)}, errCause, true, false},
		{"an echo and a failure", []error{of(here, errCause, false, canceled), of(here, nil, false, errBoom)}, errCause, false, false},
		{"because of one that is listed", []error{of(here, nil, false, listed)}, nil, false, true},
		{"others", []error{canceled}, errCause, false, false},
	} {
		j := echo.New(known, here, test.cause, late(false))
		for _, err := range test.parts {
			j.AddPart(err)
		}
		if m := j.Mark(); m.Echo != test.echo || m.Collateral != test.coll {
			t.Errorf("%s: echo %t, collateral %t, want %t, %t", test.name, m.Echo, m.Collateral, test.echo, test.coll)
		}
	}
}

// TestPassOn has an exit that came after the group's end.
func TestPassOn(t *testing.T) {
	j := echo.New(known, here, nil, late(false))
	j.Add(errors.Join(errBoom, &exit{here}))
	j.PassOn(errCause)
	if m := j.Mark(); !m.Echo || m.Cause != errCause {
		t.Errorf("echo %t of %v, want one of %v", m.Echo, m.Cause, errCause)
	}
}

// TestFailure has an error that is a failure whatever it wraps.
func TestFailure(t *testing.T) {
	j := echo.New(known, inner, nil, late(false))
	j.Add(canceled)
	out := echo.New(known, here, canceled, late(true))
	out.Add(&task{canceled, j.Failure()})
	if in, m := j.Failure(), out.Mark(); in.Echo || in.Collateral || m.Echo {
		t.Errorf("inside %+v, outside %+v, want no echo", in, m)
	}
}

func TestFind(t *testing.T) {
	tree := errors.Join(fmt.Errorf("in: %w", errBoom), &several{[]error{nil, canceled}}, &says{nil, deadline})
	var found []error
	echo.Find(tree, func(err error) bool {
		if err == errBoom || err == canceled || err == deadline {
			found = append(found, err)
		}
		_, skip := err.(*says)
		return skip
	})
	if want := []error{errBoom, canceled}; !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
}
