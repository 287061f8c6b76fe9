package dbosasap

import (
	"encoding/json"
	"reflect"
	"testing"
)

// The text of a record is that of json.Marshal.
func TestRecordText(t *testing.T) {
	exit := 2
	page := []record{
		{},
		{Task: "charge", Time: 12, Began: 1 << 50, Value: json.RawMessage(`{"a":[1,2]}`)},
		{Task: "a \"b\\ \u00e9<&>\n\xff", Time: -1, Error: json.RawMessage(`"refused"`), Tries: 3, Cause: true},
		{Event: "signal approval", Value: json.RawMessage(`null`)},
		{Task: "found", Exit: &exit, Value: json.RawMessage(`0`)},
	}
	for n := range len(page) + 1 {
		want, err := json.Marshal(page[:n])
		if err != nil {
			t.Fatal(err)
		}
		got := pageText(page[:n])
		if got != string(want) {
			t.Errorf("the text is\n%s, want\n%s", got, want)
		}
		again, err := readPage(got)
		if err != nil || len(again) != n || pageText(again) != got {
			t.Errorf("%s is read as %v, %v", got, again, err)
		}
		for i := range again {
			if one, err := readRecord(again[i].text()); err != nil || !reflect.DeepEqual(one, again[i]) {
				t.Errorf("%s is read as %v, %v", again[i].text(), one, err)
			}
		}
	}
}
