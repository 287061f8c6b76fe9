package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap/bench/cores"
	"github.com/asap-go/asap/bench/cores/sim"
	"github.com/asap-go/asap/bench/plot"
)

// coresRun is everything that -cores has measured; what it simulates follows
// from that.
type coresRun struct {
	Machine, Go string
	Date        time.Time
	Counts      []*counted
	Costs       sim.Costs
	Checked     []*checked
}

// forecastTasks is enough for every processor to have started long before the
// end.
const forecastTasks = 50_000

// manyCores counts, measures, simulates, prints the tables and draws.
func manyCores(ctx context.Context, o *options, stdout, progress io.Writer) error {
	var r coresRun
	if o.read != "" {
		data, err := os.ReadFile(o.read)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(data, &r); err != nil {
			return fmt.Errorf("%s: %w", o.read, err)
		}
		if err := simulateChecked(r.Costs, r.Checked); err != nil {
			return err
		}
	} else {
		r = coresRun{Machine: machine(), Go: runtime.Version(), Date: time.Now().UTC()}
		var err error
		if r.Counts, err = countAll(ctx, o, progress); err != nil {
			return err
		}
		if r.Costs, r.Checked, err = check(ctx, o, progress); err != nil {
			return err
		}
		if o.json != "" {
			data, err := json.MarshalIndent(r, "", " ")
			if err != nil {
				return err
			}
			if err := os.WriteFile(o.json, append(data, '\n'), 0o666); err != nil {
				return err
			}
		}
	}
	n := max(100, min(o.most, forecastTasks))
	all := forecastAll(cores.Server(r.Costs), n)
	if err := r.write(stdout, all); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := coresFigure(all, n).Write(&b); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(o.cores), 0o777); err != nil {
		return err
	}
	return os.WriteFile(o.cores, b.Bytes(), 0o666)
}

// write prints the tables of DESIGN.md.
func (r *coresRun) write(w io.Writer, all []forecast) error {
	fmt.Fprintf(w, "Machine: %s. %s. %s.\n\n### Counts a task\n\n", r.Machine, r.Go, r.Date.Format("2006-01-02"))
	if err := countTable(r.Counts).write(w); err != nil {
		return err
	}
	c, most := r.Costs, r.Costs.Near
	for _, k := range r.Checked {
		most = max(most, slices.Max(k.Near))
		c.Near = min(c.Near, slices.Min(k.Near))
	}
	fmt.Fprintf(w, "### Costs, ns\n\nMeasured here: %s an atomic change, %s a line brought over (and up to %s at times), %s a goroutine made ready, %s until it runs on a processor that looks for work, %s on one that sleeps; work alone takes %s times as long while the other processor is busy. Calibrated: %s to declare, %s to run.\n\n### Check\n\n",
		num(c.RMW), num(c.Near), num(most), num(c.Ready), num(c.WakeSpinning), num(c.WakeIdle), num(c.Crowd), num(c.Declare), num(c.Private))
	if err := checkTable(r.Checked).write(w); err != nil {
		return err
	}
	fmt.Fprint(w, "### Forecast\n\n")
	return forecastTable(all).write(w)
}

func checkTable(all []*checked) *table {
	t := &table{head: []string{"ns a task", "1, measured", "simulated", "2, measured", "simulated", "in one line", "2 over 1, measured", "simulated", "off by"}}
	for _, c := range all {
		for _, where := range []string{"near", "far"} {
			part := c.where(where == "far")
			if len(part.Near) == 0 {
				continue
			}
			measured, simulated, off := part.ratio()
			t.add(c.Graph+", "+where, num(fastest(c.One).Total), num(c.SimOne), spread(totals(part.Two)), spread(part.SimTwo), spread(part.SimLine),
				num(measured), num(simulated), fmt.Sprintf("%+.0f %%", 100*off))
		}
	}
	return t
}

func totals(of []phases) []float64 {
	var v []float64
	for _, p := range of {
		v = append(v, p.Total)
	}
	return v
}

// spread is the least and the most.
func spread(v []float64) string { return num(slices.Min(v)) + "–" + num(slices.Max(v)) }

// forecastTable has, for each load, the share of what the processors could do.
func forecastTable(all []forecast) *table {
	shown := []int{8, 32, 128}
	t := &table{head: []string{"% of what 8 / 32 / 128 could do"}}
	for _, d := range forecastDesigns {
		t.head = append(t.head, d.String())
	}
	t.head = append(t.head, "most tasks a ms: relay", "handfuls", "sharded")
	for _, load := range []string{fromOutside, fromTasks} {
		for _, body := range forecastBodies {
			row := []string{load + ", " + bodyName(body)}
			best := map[sim.Design]float64{}
			for _, d := range forecastDesigns {
				var cells []string
				for _, f := range all {
					if f.Graph != load || f.Body != body || f.Design != d {
						continue
					}
					best[d] = max(best[d], 1e6/f.Nanos)
					for _, procs := range shown {
						if f.Procs == procs {
							cells = append(cells, fmt.Sprintf("%.0f", 100*f.Share))
						}
					}
				}
				row = append(row, strings.Join(cells, " / "))
			}
			t.add(append(row, num(best[sim.Relay]), num(best[sim.Handful]), num(best[sim.Sharded]))...)
		}
	}
	return t
}

func bodyName(nanos float64) string {
	if nanos == 0 {
		return "empty"
	}
	return time.Duration(nanos).String()
}

var designColors = map[sim.Design]string{
	sim.Relay: "#0969da", sim.OneLock: "#bf8700", sim.TwoLocks: "#8250df", sim.Sharded: "#1a7f37",
}

// coresFigure draws the load whose tasks come from everywhere.
func coresFigure(all []forecast, tasks int) *plot.Figure {
	f := &plot.Figure{
		Title: "The queue of ready tasks on more processors, simulated",
		Note:  fmt.Sprintf("50 layers of %s tasks with three dependencies each, all declared before; dies of 8 processors, sockets of 64.", num(float64(tasks/25))),
	}
	for _, body := range []float64{1000, 10_000} {
		p := plot.Panel{Title: "Bodies of " + bodyName(body), X: "processors", Y: "times as fast as one processor"}
		ideal := plot.Series{Name: "ideal", Color: "#8c959f"}
		for _, procs := range forecastProcs {
			p.XTicks = append(p.XTicks, float64(procs))
			ideal.Points = append(ideal.Points, plot.Point{X: float64(procs), Y: float64(procs)})
		}
		p.YTicks = p.XTicks
		p.Series = append(p.Series, ideal)
		for _, d := range forecastDesigns {
			if d == sim.Handful { // in the table only: the legend is full
				continue
			}
			s := plot.Series{Name: d.String(), Color: designColors[d]}
			for _, f := range all {
				if f.Graph == fromTasks && f.Body == body && f.Design == d {
					s.Points = append(s.Points, plot.Point{X: float64(f.Procs), Y: max(1, f.Share*float64(f.Procs))})
				}
			}
			p.Series = append(p.Series, s)
		}
		f.Panels = append(f.Panels, p)
	}
	return f
}
