//go:build !race

package tmprules_test

const raceEnabled = false
