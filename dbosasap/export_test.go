package dbosasap

import (
	"encoding/base64"
	"encoding/json"
	"testing"
)

// PlaceOf returns the place of a record as the database has it.
func PlaceOf(t *testing.T, output string) int {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(output)
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		t.Fatal(err)
	}
	r, err := readRecord(text)
	if err != nil {
		t.Fatal(err)
	}
	return r.Seq
}
