package waterfall

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/record"
)

// Print is an option that writes the waterfall of a group to w when the group
// ends, also when it fails: in one Write, with the groups nested in it. The
// text has color and the terminal's width if w is one and NO_COLOR is not set;
// else it is 100 columns wide, or COLUMNS. One Print may serve any number of
// groups, at the same time as well; their texts do not mix. An error of w is
// dropped, and a panic of w takes nothing but the picture.
func Print(w io.Writer) asap.Option {
	if w == nil {
		return asap.Observe(nil)
	}
	return asap.Observe(&printer{w: w})
}

type printer struct {
	c       collector
	mu      sync.Mutex // around Write
	w       io.Writer
	broken  atomic.Bool // recording panicked once: pictures may lack events
	dropped sync.Map    // upper half of the IDs → what is said about an observer of that run
}

func (p *printer) Start(ctx context.Context, e asap.Event) context.Context { return ctx }

func (p *printer) Observe(e asap.Event) {
	if ended := p.record(&e); ended != nil {
		p.print(ended)
	}
}

// Sink is for package asap.
func (p *printer) Sink() record.Sink { return (*printerSink)(p) }

type printerSink printer

func (p *printerSink) Owner() any                               { return (*printer)(p) }
func (p *printerSink) Began(context.Context, *record.Table) any { return nil }
func (p *printerSink) Ended(t *record.Table, _ any)             { (*printer)(p).print(rootOf(t, "")) }

// print writes the waterfall of a group that has ended.
func (p *printer) print(ended *root) {
	run := ended.run()
	if note, ok := p.dropped.LoadAndDelete(asap.ID(ended.key)); ok {
		run.Notes = append(run.Notes, note.(string))
	}
	if p.broken.Load() {
		run.Notes = append(run.Notes, "the recorder panicked, so events are missing")
	}
	width, color := terminal(p.w)
	text := run.Text(width, color)
	p.mu.Lock()
	defer p.mu.Unlock()
	io.WriteString(p.w, text)
}

// Dropped is called when another observer of the group panicked.
func (p *printer) Dropped(e asap.Event, value any) {
	note := fmt.Sprintf("an observer panicked at the %s event of %q and was dropped: %v", e.Kind, e.Name, value)
	p.dropped.LoadOrStore(e.Group>>32, note)
}

// record survives a panic, so that the group's end is still seen and what is
// known can be shown.
func (p *printer) record(e *asap.Event) (ended *root) {
	defer func() {
		if recover() != nil {
			p.broken.Store(true)
		}
	}()
	_, ended = p.c.observe(e)
	return ended
}

// terminal returns the width for w, and whether it shows colors.
func terminal(w io.Writer) (width int, color bool) {
	width, _ = strconv.Atoi(os.Getenv("COLUMNS"))
	f, ok := w.(*os.File)
	if ok {
		if columns, isTerminal := terminalWidth(f); isTerminal {
			color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
			if columns > 0 {
				width = columns
			}
		}
	}
	if width <= 0 {
		width = 100
	}
	return min(width, 240), color
}
