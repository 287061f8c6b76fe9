package waterfall_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/asap-go/asap/waterfall"
)

// FuzzReadSummary: what is read is written again as it was, and can be compared,
// whatever is in it; what is refused says where.
func FuzzReadSummary(f *testing.F) {
	var b bytes.Buffer
	if err := seen("home", "home", "cart").Summary(waterfall.Minute).WriteJSON(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"asap":"summary","version":1,"reports":[{"name":"a","window":"hour","runs":-3,"outcomes":{"failed":9},"p99":-1,"pathP99":9223372036854775807}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := waterfall.ReadSummary(bytes.NewReader(data))
		if err != nil {
			if _, ok := errors.AsType[*waterfall.ReadError](err); !ok {
				t.Errorf("ReadSummary: %T %v, want a *ReadError", err, err)
			}
			return
		}
		var first, second bytes.Buffer
		if err := m.WriteJSON(&first); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := waterfall.ReadSummary(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, first.Bytes())
		}
		if err := again.WriteJSON(&second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("written twice (%v):\n%s\n%s", err, first.Bytes(), second.Bytes())
		}
		for i := range m.Reports {
			waterfall.CompareReports(m.Reports[0], m.Reports[i]).Words()
		}
	})
}
