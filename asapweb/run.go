package asapweb

import (
	"fmt"
	"net/http"

	"github.com/asap-go/asap/waterfall"
)

func (h *handler) run(v view, nonce string) (*answer, error) {
	run, err := h.findRun(v.number)
	if err != nil {
		return nil, err
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

func (h *handler) findRun(number uint64) (*waterfall.Run, error) {
	if run := h.stats.Run(number); run != nil {
		return run, nil
	}
	return nil, refuse(http.StatusNotFound, "run %d: not running, and not kept: of each group some failed ones, the slowest, the latest and one of each class of latency are", number)
}

// usual is the number of a run of the same name to compare a run with, or 0.
func (h *handler) usual(run *waterfall.Run) uint64 {
	for _, w := range []waterfall.Window{waterfall.Hour, waterfall.SinceStart} {
		r := h.stats.Report(run.Name, w)
		if k := typical(&r); k != nil && k.Number != run.Number {
			return k.Number
		}
	}
	return 0
}

// runPage is the page that package waterfall writes, with links.
func (h *handler) runPage(run *waterfall.Run, nonce string) (*answer, error) {
	t := top{
		Path: []crumb{groupCrumb(run.Name), {Text: fmt.Sprint("run ", run.Number)}}, Run: run.Number, Live: !run.Ended,
		With: h.usual(run), Trace: h.trace(run.TraceID), Formats: waterfall.Formats(),
	}
	above, err := renderTop(t)
	if err != nil {
		return nil, err
	}
	a := &answer{media: waterfall.HTML.MediaType()}
	frame := waterfall.Frame{Nonce: nonce, Top: above, Others: h.stats.Sample(run.Name, waterfall.SinceStart)}
	if err := run.WriteHTML(&a.body, frame); err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "run %d: %v", run.Number, err)
	}
	return a, nil
}

// fileName is under what name a download is saved.
func fileName(run *waterfall.Run, f waterfall.Format) string {
	ending := map[waterfall.Format]string{waterfall.Text: "txt", waterfall.Perfetto: "perfetto.json", waterfall.Mermaid: "mmd", waterfall.PProf: "pb.gz"}[f]
	if ending == "" {
		ending = string(f)
	}
	return saved(run.Name, fmt.Sprint("run-", run.Number), ending)
}
