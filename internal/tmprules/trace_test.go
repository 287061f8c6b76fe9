package tmprules_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"maps"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
)

// goroutineID is the number of the caller's goroutine.
func goroutineID() string {
	buf := make([]byte, 64)
	return strings.Fields(string(buf[:runtime.Stack(buf, false)]))[1]
}

// goroutineLabels is the labels of the caller's goroutine in a profile. No two
// goroutines may call it at the same time.
func goroutineLabels() string {
	var out bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&out, 1)
	for entry := range strings.SplitSeq(out.String(), "\n\n") {
		if strings.Contains(entry, "rules_test.goroutineLabels") {
			_, labels, _ := strings.Cut(entry, "# labels: ")
			labels, _, _ = strings.Cut(labels, "\n")
			return labels
		}
	}
	return "not in the profile"
}

// userTask is a task or a region of the Go tracer.
type userTask struct {
	name, in   string // in: the parent of a task, the task of a region
	begun, end int
}

// argsOf is the number of arguments of each event of the trace format, from
// event 9 on: internal/trace/tracev2 in the standard library.
const argsOf = "33143" + "423113343114" + "31" + "23222322122" + "253445" + "334" + "5"

// readTrace returns the user's tasks and regions in a trace of the format
// that Go has had since 1.23.
func readTrace(t *testing.T, data []byte) (tasks, regions []userTask) {
	t.Helper()
	if !bytes.HasPrefix(data, []byte("go 1.")) {
		t.Fatalf("no trace: %q", data[:16])
	}
	type event struct {
		kind byte
		args []uint64
		gen  uint64
	}
	var events []event
	texts := make(map[[2]uint64]string) // by generation and id
	r := bytes.NewReader(data[16:])
	number := func(r *bytes.Reader) uint64 {
		n, err := binary.ReadUvarint(r)
		if err != nil {
			t.Fatalf("trace: %v", err)
		}
		return n
	}
	for {
		kind, err := r.ReadByte()
		if err == io.EOF {
			break
		}
		if kind != 1 { // the end of a generation
			continue
		}
		gen := number(r)
		number(r) // thread
		number(r) // time
		batch := make([]byte, number(r))
		io.ReadFull(r, batch)
		b := bytes.NewReader(batch)
		if len(batch) == 0 || batch[0] != 4 && batch[0] < 9 || batch[0] > 48 {
			continue // stacks, samples, clocks
		}
		for b.Len() > 0 {
			kind, _ := b.ReadByte()
			switch {
			case kind == 4: // begin of strings
			case kind == 5:
				id := number(b)
				text := make([]byte, number(b))
				io.ReadFull(b, text)
				texts[[2]uint64{gen, id}] = string(text)
			case int(kind) >= 9 && int(kind) < 9+len(argsOf):
				e := event{kind: kind, gen: gen}
				for range argsOf[kind-9] - '0' {
					e.args = append(e.args, number(b))
				}
				events = append(events, e)
			default:
				t.Fatalf("trace: unknown event %d", kind)
			}
		}
	}
	named := make(map[uint64]*userTask)
	within := make(map[string]*userTask)
	for _, e := range events {
		if e.kind == 40 {
			named[e.args[1]] = &userTask{name: texts[[2]uint64{e.gen, e.args[3]}], begun: 1}
		}
	}
	for _, e := range events {
		switch e.kind {
		case 40:
			if p := named[e.args[2]]; p != nil {
				named[e.args[1]].in = p.name
			}
		case 41:
			if task := named[e.args[1]]; task != nil {
				task.end++
			}
		case 42, 43:
			in := ""
			if task := named[e.args[1]]; task != nil {
				in = task.name
			}
			name := texts[[2]uint64{e.gen, e.args[2]}]
			region := within[in+"/"+name]
			if region == nil {
				region = &userTask{name: name, in: in}
				within[in+"/"+name] = region
			}
			if e.kind == 42 {
				region.begun++
			} else {
				region.end++
			}
		}
	}
	for _, task := range named {
		tasks = append(tasks, *task)
	}
	for _, key := range slices.Sorted(maps.Keys(within)) {
		regions = append(regions, *within[key])
	}
	slices.SortFunc(tasks, func(a, b userTask) int { return strings.Compare(a.name, b.name) })
	return tasks, regions
}
