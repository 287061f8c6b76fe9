package temporalasap_test

import (
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/asap-go/asap/asaptest"
)

var update = flag.Bool("update", false, "write the golden histories again")

var exit = os.Exit

const histories = "testdata/histories"

// golden keeps the history of a flow with -update.
func golden(t *testing.T, name string, h *history.History) {
	t.Helper()
	if !*update {
		return
	}
	data, err := protojson.MarshalOptions{Multiline: true, Indent: "\t"}.Marshal(h)
	data = payload.ReplaceAllFunc(data, withoutStack)
	if err == nil {
		err = os.MkdirAll(histories, 0o755)
	}
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

// Histories of earlier versions of this package must stay replayable: flows
// that were started before an update of the worker go on after it.
func TestGoldenHistories(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(histories, "*.json"))
	if err != nil || len(files) < len(asaptest.Flows()) {
		t.Fatalf("%d golden histories, %v; want one for each flow of asaptest, made with -run TestServerEngine -update", len(files), err)
	}
	for _, flow := range asaptest.Flows() {
		t.Run(strings.TrimPrefix(flow.Name(), "asaptest."), func(t *testing.T) {
			file, err := os.Open(filepath.Join(histories, flow.Name()+".json"))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			h, err := client.HistoryFromJSON(file, client.HistoryJSONOptions{})
			if err != nil {
				t.Fatal(err)
			}
			replay(t, flow, h)
		})
	}
}
