package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/asap-go/asap"
)

// live is a page that is written while it is being made: the shell at once,
// then every field of its data as soon as it is there, in whatever order that
// is. As HTML the shell has a slot for each, and a field is an element for that
// slot, so that the browser puts it where it belongs, without a script. As
// NDJSON a field is a line; all lines in one object are the page's JSON.
type live struct {
	*view
	to    http.ResponseWriter
	lines bool          // NDJSON
	turn  chan struct{} // is taken by who writes; guards what follows
	begun bool
	data  map[string]any // as the templates see it: what has been written
}

func (v *visit) writeLive(to http.ResponseWriter, out *view, lines bool) {
	v.live = &live{view: out, to: to, lines: lines, turn: make(chan struct{}, 1), data: make(map[string]any)}
}

// begin writes what needs no call. From here on the status is 200.
func (l *live) begin(ctx context.Context, page int) error {
	h := l.to.Header()
	h.Set("X-Accel-Buffering", "no")                 // nginx passes on what it has
	h.Set("Cache-Control", "no-store, no-transform") // nobody holds it back to compress it
	l.begun = true
	l.data["Page"] = page
	if l.lines {
		h.Set("Content-Type", "application/x-ndjson")
		return l.write(ctx, func(b *bytes.Buffer) error { return json.NewEncoder(b).Encode(map[string]any{"page": page}) })
	}
	setHTML(h)
	return l.write(ctx, func(b *bytes.Buffer) error { return templates[l.Page].ExecuteTemplate(b, "shell", l.view) })
}

// behind writes a field of the page as soon as a task has it, in a small task
// behind that one. behindOptional does so for an optional part, or says why it is missing.
func (l *live) behind[T any](t *asap.Task[T], field string) {
	t.Then("write "+field, func(ctx context.Context, v T) (struct{}, error) { return struct{}{}, l.show(ctx, field, v) })
}

func (l *live) behindOptional[T any](t *asap.Task[asap.Result[T]], field string) {
	t.Then("write "+field, func(ctx context.Context, r asap.Result[T]) (struct{}, error) {
		return struct{}{}, l.show(ctx, field, partOf(r))
	})
}

// show writes one field.
func (l *live) show(ctx context.Context, field string, value any) error {
	return l.write(ctx, func(b *bytes.Buffer) error {
		if l.lines {
			return json.NewEncoder(b).Encode(map[string]any{field: value})
		}
		l.data[goName(field)] = value
		return l.section(b, field, l.data)
	})
}

// section renders what goes into a slot.
func (l *live) section(b *bytes.Buffer, name string, data any) error {
	part := *l.view
	part.Data = data
	fmt.Fprintf(b, "\n<div slot=%q>", name)
	defer b.WriteString("</div>")
	return templates[l.Page].ExecuteTemplate(b, name, &part)
}

// goName is the name that a field of the JSON has in Go, and in the templates.
func goName(field string) string { return strings.ToUpper(field[:1]) + field[1:] }

// write sends what render gives, when nobody else writes, and at once. It gives
// up when ctx ends, and on a visitor who reads nothing.
func (l *live) write(ctx context.Context, render func(*bytes.Buffer) error) error {
	err := asap.Blocking(ctx, func() error { // holds no place in a limit, if the shop had one
		select {
		case l.turn <- struct{}{}:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	if err != nil {
		return err
	}
	defer func() { <-l.turn }()
	var b bytes.Buffer
	if err := render(&b); err != nil {
		return err
	}
	c := http.NewResponseController(l.to)
	c.SetWriteDeadline(time.Now().Add(l.unread))
	defer c.SetWriteDeadline(time.Time{})
	if _, err := l.to.Write(b.Bytes()); err != nil {
		return err
	}
	if err := c.Flush(); !errors.Is(err, http.ErrNotSupported) { // else it arrives later, and whole
		return err
	}
	return nil
}

// end writes what failed, if anything did, and how the page was made. Whoever does
// not read that is gone.
func (l *live) end(ctx context.Context, err error) {
	problem := map[string]any{"code": status(err), "error": fmt.Sprint(err)}
	l.write(ctx, func(b *bytes.Buffer) error {
		switch {
		case l.lines && err != nil:
			return json.NewEncoder(b).Encode(problem)
		case l.lines:
			return nil
		case err != nil:
			if err := l.missing(b, problem); err != nil {
				return err
			}
		}
		if err := l.section(b, "panel", nil); err != nil {
			return err
		}
		return templates[l.Page].ExecuteTemplate(b, "end", l.view)
	})
}

// missing renders the problem for where the page begins, and what is left out
// therefore for where it would be.
func (l *live) missing(b *bytes.Buffer, problem any) error {
	for _, field := range []string{"notice", "currencies", "ad", "products"} {
		if l.data[goName(field)] == nil {
			fmt.Fprintf(b, "\n<div slot=%q><p class=\"absent\">This part is missing.</p></div>", field)
		}
	}
	return l.section(b, "problem", problem)
}

// Section is a part of a page that is drawn apart from the rest: it is here, or
// comes later to the slot that is here.
func (o *view) Section(name string) (template.HTML, error) {
	if o.live != nil {
		return template.HTML(fmt.Sprintf(`<slot name="%s"><span class="awaited"></span></slot>`, name)), nil
	}
	var b strings.Builder
	err := templates[o.Page].ExecuteTemplate(&b, name, o)
	return template.HTML(b.String()), err
}

// polyfill does what browsers do that know declarative shadow roots, in others.
// It is the one script that there is.
const polyfill template.JS = `{const p=document.currentScript.parentNode,t=p.querySelector("template");if(t)p.attachShadow({mode:"open"}).append(t.content)}`

// onlyPolyfill is what the policy of every page says of scripts.
var onlyPolyfill = func() string {
	sum := sha256.Sum256([]byte(polyfill))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()
