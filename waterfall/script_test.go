package waterfall_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// play feeds an observer the events of a script. A line is an instant in
// milliseconds, an event, a name and what belongs to the event:
//
//	0 group readme          0 group inner in body limit 2 settled yes
//	0 declare c deps a b    0 declare e[0] in e       0 declare e limit 2 deps a
//	5 ready c on b          5 start c
//	6 block c on d          8 resume c                6 block readme on d
//	9 end c                 9 end c Failed not found
//	9 close readme
//
// A name stands for one ID; name/2 is another task of the same name.
func play(t testing.TB, o asap.Observer, script string) {
	t.Helper()
	p := &player{o: o, ids: map[string]asap.ID{}, groupOf: map[string]asap.ID{}, parent: map[string]asap.ID{}}
	for line := range strings.Lines(script) {
		if line = strings.TrimSpace(line); line != "" {
			if err := p.line(line); err != nil {
				t.Fatalf("script line %q: %v", line, err)
			}
		}
	}
}

type player struct {
	o       asap.Observer
	ids     map[string]asap.ID
	groupOf map[string]asap.ID
	parent  map[string]asap.ID
	group   asap.ID // the current one
	key     asap.ID
}

func (p *player) id(name string) asap.ID {
	if name == "" {
		return 0
	}
	if p.ids[name] == 0 {
		p.ids[name] = p.key<<32 | asap.ID(len(p.ids)+1)
	}
	return p.ids[name]
}

func (p *player) line(line string) error {
	f := strings.Fields(line)
	if len(f) < 3 {
		return errors.New("too short")
	}
	ms, err := strconv.ParseFloat(f[0], 64)
	if err != nil {
		return err
	}
	kind, name, rest := f[1], f[2], f[3:]
	shown, _, _ := strings.Cut(name, "/")
	shown = strings.ReplaceAll(shown, "_", " ")
	e := asap.Event{At: time.Duration(ms * 1e6), Name: shown}
	word := func(key string) string {
		for i := 0; i+1 < len(rest); i++ {
			if rest[i] == key {
				return rest[i+1]
			}
		}
		return ""
	}
	outcome := func() {
		e.Outcome = asap.Succeeded
		if len(rest) == 0 {
			return
		}
		for o := asap.Succeeded; o <= asap.Goexited; o++ {
			if o.String() == rest[0] {
				e.Outcome = o
			}
		}
		if len(rest) > 1 {
			e.Err = errors.New(strings.Join(rest[1:], " "))
		}
	}
	switch kind {
	case "group":
		e.Kind, e.Group, e.Parent = asap.GroupStart, p.id(name), p.id(word("in"))
		e.Limit, _ = strconv.Atoi(word("limit"))
		e.Settled = word("settled") != ""
		p.group = e.Group
	case "close":
		e.Kind, e.Group = asap.GroupEnd, p.id(name)
		outcome()
	default:
		e.Task = p.id(name)
		switch kind {
		case "declare":
			e.Kind = asap.Declared
			e.Limit, _ = strconv.Atoi(word("limit"))
			p.groupOf[name], p.parent[name] = p.group, p.id(word("in"))
			for i, w := range rest {
				if w == "deps" {
					for _, d := range rest[i+1:] {
						e.Deps = append(e.Deps, p.id(d))
					}
				}
			}
		case "ready":
			e.Kind, e.On = asap.Ready, p.id(word("on"))
		case "start":
			e.Kind = asap.Started
		case "block":
			e.Kind, e.On = asap.Blocked, p.id(word("on"))
		case "resume":
			e.Kind = asap.Resumed
		case "end":
			e.Kind = asap.Ended
			outcome()
		default:
			return fmt.Errorf("unknown event %q", kind)
		}
		if e.Group, e.Parent = p.groupOf[name], p.parent[name]; e.Group == 0 { // a wait of the group's own
			e.Group, e.Task = e.Task, 0
		}
	}
	if e.Kind == asap.GroupStart || e.Kind == asap.Started {
		p.o.Start(context.Background(), e)
	}
	p.o.Observe(e)
	return nil
}

// readme is the debug example of better-all's README: config 50 ms, user 120,
// posts 200 after user, profile 80 after user and config, analytics 40 after
// posts and profile, each awaited in the body in this order.
const readme = `
	0 group readme
	0 declare config
	0 ready config
	0 start config
	0 declare user
	0 ready user
	0 start user
	0 declare posts
	0 ready posts
	0 start posts
	0 block posts on user
	0 declare profile
	0 ready profile
	0 start profile
	0 block profile on user
	0 declare analytics
	0 ready analytics
	0 start analytics
	0 block analytics on posts
	50 end config
	120 end user
	120 resume posts
	120 resume profile
	120 block profile on config
	120 resume profile
	200 end profile
	320 end posts
	320 resume analytics
	320 block analytics on profile
	320 resume analytics
	360 end analytics
	360 close readme
`
