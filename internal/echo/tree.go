package echo

import (
	"reflect"
	"slices"
)

// Unwrap returns what err wraps: several errors that are not nil, or one.
func Unwrap(err error) (several []error, one error) {
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return nil, e.Unwrap()
	case interface{ Unwrap() []error }:
		errs := e.Unwrap()
		if slices.Contains(errs, nil) {
			errs = slices.DeleteFunc(slices.Clone(errs), func(e error) bool { return e == nil })
		}
		return errs, nil
	}
	return nil, nil
}

// Find calls look with err and everything that it wraps, but for what is behind an
// error of which look says that nothing there matters. Unlike errors.As it goes on
// behind one that is of the right type.
func Find(err error, look func(error) (skip bool)) {
	for err != nil && !look(err) {
		several, one := Unwrap(err)
		if err = one; err == nil {
			for _, e := range several {
				Find(e, look)
			}
		}
	}
}

// Same reports whether a and b are one error, also if they cannot be compared.
func Same(a, b error) bool {
	if a == nil || b == nil || reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false
	}
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

// ownText is the text of err, empty if its method panics: it is a failure then like
// any other.
func ownText(err error) (text string) {
	defer func() { _ = recover() }()
	return err.Error()
}
