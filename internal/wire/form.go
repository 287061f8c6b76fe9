package wire

import (
	"fmt"
	"strings"
)

// Form is an error on its way to another process, as JSON.
type Form struct {
	Kind    string   `json:"kind,omitempty"` // task, undo, group, panic, cycle, returned, or a sentinel; "" for any other
	Name    string   `json:"name,omitempty"` // of the task or the group
	Type    string   `json:"type,omitempty"`
	Message string   `json:"message,omitempty"`
	Stack   string   `json:"stack,omitempty"`
	Path    []string `json:"path,omitempty"`
	Is      []string `json:"is,omitempty"` // sentinels of which only the original's Is method knows
	Causes  []*Form  `json:"causes,omitempty"`

	// Of a group that was ended from outside, Cause also of a task that an end
	// has ended.
	Cause   *Form    `json:"cause,omitempty"`
	Context *Form    `json:"context,omitempty"` // the error of the context that has ended
	Running []string `json:"running,omitempty"`
	Ended   []*Form  `json:"ended,omitempty"` // the errors of bodies that are no failures
	Later   int      `json:"later,omitempty"` // failures after the end
}

// Sentinel is an error that is the same everywhere, by the name under which it travels.
type Sentinel struct {
	Name string
	Err  error
}

// Errors is the package whose errors travel with all that they know.
type Errors interface {
	// Form returns the form of an error of the package, with a Kind, nil for any other.
	Form(e *Encoder, err error) *Form
	// Error returns what the form of such an error is here, nil for any other.
	Error(f *Form, causes []error) error
	Sentinels() []Sentinel
	// Text is the text of any error, also if its method panics.
	Text(err error) string
}

// Bounds of what travels: engines limit the size of an error.
const (
	maxDepth = 64
	maxForms = 1000
	maxText  = 16 << 10
)

// Encoder makes forms, up to the bounds.
type Encoder struct {
	of          Errors
	left, depth int // forms and levels
}

// Encode returns the form of err and of everything that it wraps.
func Encode(of Errors, err error) *Form {
	e := Encoder{of, maxForms, maxDepth}
	return e.form(err)
}

func (e *Encoder) form(err error) *Form {
	e.left--
	if err, ok := Lives(err); ok {
		return &Form{Kind: returned, Type: fmt.Sprintf("%T", err), Message: Cut(e.of.Text(err)), Causes: e.All(err)}
	}
	if f := e.of.Form(e, err); f != nil {
		return f
	}
	if r, ok := err.(*RemoteError); ok {
		return &Form{Type: r.Type, Message: Cut(r.Message), Causes: e.All(r.causes...), Is: e.saidBy(r)}
	}
	for _, s := range e.of.Sentinels() {
		if err == s.Err {
			return &Form{Kind: s.Name}
		}
	}
	f := &Form{Type: fmt.Sprintf("%T", err), Message: Cut(e.of.Text(err))}
	if is, ok := err.(interface{ Is(error) bool }); ok {
		f.Is = e.saidBy(is)
	}
	switch u := err.(type) {
	case interface{ Unwrap() error }:
		f.Causes = e.All(u.Unwrap())
	case interface{ Unwrap() []error }:
		f.Causes = e.All(u.Unwrap()...)
	}
	return f
}

// saidBy has the sentinels that an Is method knows.
func (e *Encoder) saidBy(err interface{ Is(error) bool }) (names []string) {
	for _, s := range e.of.Sentinels() {
		if err.Is(s.Err) {
			names = append(names, s.Name)
		}
	}
	return names
}

// One is All for one error, nil for none.
func (e *Encoder) One(err error) *Form {
	if err == nil {
		return nil
	}
	return e.All(err)[0]
}

// All returns the forms of errs, but for those that are nil, one level further in.
func (e *Encoder) All(errs ...error) []*Form {
	var out []*Form
	for _, err := range errs {
		switch {
		case err == nil:
		case e.left <= 0 || e.depth == 0:
			return append(out, &Form{Type: "asap.more", Message: "and more errors, which are too many to send"})
		default:
			e.depth--
			out = append(out, e.form(err))
			e.depth++
		}
	}
	return out
}

// Cut returns a text that is valid and not too long.
func Cut(text string) string {
	if len(text) > maxText {
		text = text[:maxText] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// Decode returns what the original is here, nil of no form.
func (f *Form) Decode(of Errors) error {
	if f == nil {
		return nil
	}
	causes := DecodeAll(of, f.Causes)
	if f.Kind == returned && len(causes) == 1 {
		return Return(causes[0])
	}
	if err := of.Error(f, causes); err != nil {
		return err
	}
	var is []error
	for _, s := range of.Sentinels() {
		if f.Kind == s.Name {
			return s.Err
		}
	}
	for _, name := range f.Is {
		for _, s := range of.Sentinels() {
			if s.Name == name {
				is = append(is, s.Err)
			}
		}
	}
	return New(f.Type, f.Message, is, causes)
}

// DecodeAll is [Form.Decode] for many.
func DecodeAll(of Errors, all []*Form) (errs []error) {
	for _, f := range all {
		if f != nil {
			errs = append(errs, f.Decode(of))
		}
	}
	return errs
}
