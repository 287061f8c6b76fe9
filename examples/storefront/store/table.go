package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Table is rows by key, in memory and in a file, to which each change adds a
// line of JSON: what has changed is so after the program was killed. Its
// methods may be called at the same time.
type Table[Key comparable, Row any] struct {
	mu   sync.Mutex
	rows map[Key]Row
	file *os.File
}

type line[Key, Row any] struct {
	Key Key
	Row Row
}

// OpenTable opens a file, which is made if it is not there. A last line that is
// not whole is removed.
func OpenTable[Key comparable, Row any](path string) (*Table[Key, Row], error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	t := &Table[Key, Row]{rows: make(map[Key]Row), file: f}
	for d := json.NewDecoder(f); ; {
		var l line[Key, Row]
		end := d.InputOffset()
		switch err := d.Decode(&l); {
		case err == nil:
			t.rows[l.Key] = l.Row
		case errors.Is(err, io.EOF):
			return t, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return t, f.Truncate(end)
		default:
			return nil, errors.Join(fmt.Errorf("read %s: %w", path, err), f.Close())
		}
	}
}

// Get returns a row, or a zero one.
func (t *Table[Key, Row]) Get(key Key) Row {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rows[key]
}

// Update sets a row to what f makes of it, and returns that when it is in the
// file. If f gives an error, nothing changes. f must not use the table.
func (t *Table[Key, Row]) Update(key Key, f func(Row) (Row, error)) (Row, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row, err := f(t.rows[key])
	if err != nil {
		return row, err
	}
	text, err := json.Marshal(line[Key, Row]{key, row})
	if err == nil {
		_, err = t.file.Write(append(text, '\n'))
	}
	if err == nil {
		t.rows[key] = row
	}
	return row, err
}

// Close closes the file.
func (t *Table[Key, Row]) Close() error { return t.file.Close() }
