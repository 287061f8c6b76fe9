package temporalasap_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.temporal.io/sdk/client"

	"github.com/asap-go/asap/asaptest"
)

// histories were written by TestServerEngine of internal/servertest, on a server.
const histories = "testdata/histories"

// Histories of earlier versions of this package must stay replayable: flows
// that were started before an update of the worker go on after it.
func TestGoldenHistories(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(histories, "*.json"))
	if err != nil || len(files) < len(asaptest.Flows()) {
		t.Fatalf("%d golden histories, %v; want one for each flow of asaptest, made in internal/servertest with -run TestServerEngine -update", len(files), err)
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
