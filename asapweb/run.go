package asapweb

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/asap-go/asap/waterfall"
)

func (h *handler) run(v view, nonce string) (*answer, error) {
	run := h.stats.Run(v.number)
	if run == nil {
		return nil, refuse(http.StatusNotFound, "run %d: not running, and not kept: of each group the slowest and the latest runs are", v.number)
	}
	if v.format == "" {
		return h.runPage(run, nonce)
	}
	a := &answer{media: v.format.MediaType(), file: fileName(run, v.format)}
	if err := run.Write(&a.body, v.format); err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "run %d as %s: %v", v.number, v.format, err)
	}
	return a, nil
}

// runPage is the page that package waterfall writes, with links.
func (h *handler) runPage(run *waterfall.Run, nonce string) (*answer, error) {
	t := top{Path: []crumb{{Text: shown(run.Name), Group: &run.Name}, {Text: fmt.Sprint("run ", run.Number)}}, Run: run.Number, Live: !run.Ended, Trace: h.trace(run.TraceID), Formats: waterfall.Formats()}
	above, err := renderTop(t)
	if err != nil {
		return nil, err
	}
	a := &answer{media: waterfall.HTML.MediaType()}
	if err := run.WriteHTML(&a.body, waterfall.Frame{Nonce: nonce, Top: above}); err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "run %d: %v", run.Number, err)
	}
	return a, nil
}

// fileName is under what name a download is saved.
func fileName(run *waterfall.Run, f waterfall.Format) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '-'
	}, run.Name)
	if name = strings.Trim(name[:min(len(name), 40)], "-"); name != "" {
		name += "-"
	}
	ending := map[waterfall.Format]string{waterfall.Text: "txt", waterfall.Perfetto: "perfetto.json", waterfall.Mermaid: "mmd", waterfall.PProf: "pb.gz"}[f]
	if ending == "" {
		ending = string(f)
	}
	return fmt.Sprintf("%srun-%d.%s", name, run.Number, ending)
}
