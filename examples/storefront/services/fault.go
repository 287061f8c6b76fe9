package services

import (
	"fmt"
	"slices"
	"strings"
)

// Fault is what is wrong with a service.
type Fault string

// The faults.
const (
	None    Fault = "ok"
	Down    Fault = "down"    // hangs up on everybody
	Slow    Fault = "slow"    // answers, but seconds late
	Garbage Fault = "garbage" // does its work and answers nonsense
)

// Faults returns all of them, [None] first.
func Faults() []Fault { return []Fault{None, Down, Slow, Garbage} }

// ParseFault turns the text of a fault into it.
func ParseFault(s string) (Fault, error) {
	if f := Fault(s); slices.Contains(Faults(), f) {
		return f, nil
	}
	return "", fmt.Errorf("fault %q: want one of %v", s, Faults())
}

// ParseFaults reads a list as "ads=down,currency=slow".
func ParseFaults(list string) (map[string]Fault, error) {
	faults := make(map[string]Fault)
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, text, ok := strings.Cut(part, "=")
		if !ok {
			return nil, fmt.Errorf("faults: %q: want service=fault", part)
		}
		if !slices.Contains(Names(), name) {
			return nil, fmt.Errorf("faults: service %q: want one of %v", name, Names())
		}
		f, err := ParseFault(text)
		if err != nil {
			return nil, fmt.Errorf("faults: %s: %w", name, err)
		}
		faults[name] = f
	}
	return faults, nil
}
