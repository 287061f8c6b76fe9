package servertest_test

import (
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

var update = flag.Bool("update", false, "write the golden histories again")

const histories = "../../testdata/histories" // of temporalasap

// golden keeps the history of a flow with -update.
func golden(t *testing.T, name string, h *history.History) {
	t.Helper()
	if !*update {
		return
	}
	data, err := protojson.MarshalOptions{Multiline: true, Indent: "\t"}.Marshal(h)
	data = payload.ReplaceAllFunc(data, withoutStack)
	if err == nil {
		err = os.WriteFile(filepath.Join(histories, name+".json"), data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

var (
	payload = regexp.MustCompile(`"data":\s*"[A-Za-z0-9+/=]+"`)
	encoded = regexp.MustCompile(`[A-Za-z0-9+/=]+"$`)
	stack   = regexp.MustCompile(`"stack":"[^"]*"`)
)

// withoutStack takes the paths of this machine out of a payload.
func withoutStack(field []byte) []byte {
	text := bytes.TrimSuffix(encoded.Find(field), []byte{'"'})
	data, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil || !stack.Match(data) {
		return field
	}
	data = stack.ReplaceAll(data, []byte(`"stack":"goroutine 1 [running]:"`))
	return fmt.Appendf(nil, `"data": %q`, base64.StdEncoding.EncodeToString(data))
}
