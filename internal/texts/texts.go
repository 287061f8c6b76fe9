// Package texts says how errors of tasks and groups read: as a person would have
// wrapped them. The name of the public package is only in the texts of its sentinels,
// and in those of panics for mistakes.
package texts

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Of is the text of err inside another error, also if its Error method panics: that
// must not hide who returned it.
func Of(err error) (text string) {
	if err == nil {
		return "<nil>"
	}
	defer func() {
		if v := recover(); v != nil {
			text = ofBad(err, v)
		}
	}()
	return strings.TrimPrefix(err.Error(), "asap: ") // of a sentinel, or of a mistake that is told as an error
}

// ofBad is the text of an error whose Error method has panicked with v.
func ofBad(err error, v any) string {
	if r := reflect.ValueOf(err); r.Kind() == reflect.Pointer && r.IsNil() {
		return fmt.Sprintf("a nil %T", err)
	}
	return fmt.Sprintf("a %T whose Error method panics: %v", err, v)
}

// Task is the name of a task in a text.
func Task(name string) string {
	if name == "" {
		return "task"
	}
	return name
}

// All are the texts of errs.
func All[E error](errs []E, text func(E) string) []string {
	all := make([]string, len(errs))
	for i, err := range errs {
		all[i] = text(err)
	}
	return all
}

// Const is the name of a constant of an enumeration, or its type with the number of
// one that has none.
func Const(kind string, names []string, i int) string {
	if i > 0 && i < len(names) {
		return names[i]
	}
	return kind + "(" + strconv.Itoa(i) + ")"
}
