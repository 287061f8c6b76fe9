//go:build !race

package asap_test

const raceEnabled = false
