//go:build race

package asap_test

const raceEnabled = true
