package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"go.temporal.io/sdk/activity"
)

// Journal is a file to which the bodies of all processes append what they do.
// What was written stays when its process is killed: each entry is one write.
// A nil Journal writes nothing.
type Journal struct{ file *os.File }

// Kinds of entries.
const (
	Began    = "began"
	Ended    = "ended"
	Canceled = "canceled"
)

// Entry says that an attempt at a task began or ended.
type Entry struct {
	At       time.Time
	PID      int
	Event    string
	Workflow string // its id
	Task     string
	Attempt  int32
	Cause    string `json:",omitempty"` // of Canceled
}

// OpenJournal opens the named file to append to it, and makes it if need be.
func OpenJournal(name string) (*Journal, error) {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &Journal{file}, nil
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }

// Around waits for as long as a task takes and returns what make makes, with
// an entry before and one after. It ends early, with the context's error and
// an entry that says so, when ctx does.
func (j *Journal) Around(ctx context.Context, took time.Duration, make func() Value) (Value, error) {
	if err := j.write(ctx, Began); err != nil {
		return Value{}, err
	}
	select {
	case <-time.After(took):
	case <-ctx.Done():
		if err := j.write(ctx, Canceled); err != nil {
			return Value{}, err
		}
		return Value{}, ctx.Err()
	}
	v := make()
	return v, j.write(ctx, Ended)
}

func (j *Journal) write(ctx context.Context, event string) error {
	if j == nil {
		return nil
	}
	info := activity.GetInfo(ctx)
	e := Entry{
		At:       time.Now(),
		PID:      os.Getpid(),
		Event:    event,
		Workflow: info.WorkflowExecution.ID,
		Task:     info.ActivityID,
		Attempt:  info.Attempt,
	}
	if cause := context.Cause(ctx); cause != nil {
		e.Cause = cause.Error()
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = j.file.Write(append(line, '\n'))
	return err
}

// ReadJournal returns the entries of the named file in the order in which they
// were written. A last line without its end is being written and left out.
func ReadJournal(name string) ([]Entry, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		if os.IsNotExist(err) {
			err = nil
		}
		return nil, err
	}
	var entries []Entry
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("%s: entry %d: %w", name, len(entries)+1, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}
