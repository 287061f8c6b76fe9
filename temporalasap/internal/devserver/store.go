package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	sqliteschema "go.temporal.io/server/schema/sqlite"
)

// prepare makes the SQLite file with its tables when it is not there, adds the
// namespace when it is not there, and returns how to open the file.
func prepare(set settings) (*config.SQL, error) {
	file, err := filepath.Abs(set.db)
	if err != nil {
		return nil, err
	}
	switch _, err := os.Stat(file); {
	case errors.Is(err, fs.ErrNotExist):
		if err := create(file); err != nil {
			return nil, fmt.Errorf("make %s: %w", set.db, err)
		}
	case err != nil:
		return nil, err
	}
	store := &config.SQL{
		PluginName:   sqlite.PluginName,
		DatabaseName: file,
		ConnectAttributes: map[string]string{
			"mode": "rw",
			// A write-ahead log with one fsync a checkpoint: a killed process
			// loses nothing, a power cut could lose the last instants.
			"journal_mode": "wal",
			"synchronous":  "1",
			"busy_timeout": "10000",
		},
	}
	namespace, err := sqliteschema.NewNamespaceConfig(clusterName, set.namespace, false, nil)
	if err != nil {
		return nil, fmt.Errorf("namespace %s: %w", set.namespace, err)
	}
	if err := sqliteschema.CreateNamespaces(store, namespace); err != nil {
		return nil, fmt.Errorf("namespace %s: %w", set.namespace, err)
	}
	return store, nil
}

// create makes the tables in a file beside and renames it, so that a server
// killed in the middle leaves nothing that looks like a database.
func create(file string) error {
	dir, err := os.MkdirTemp(filepath.Dir(file), ".devserver-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	half := filepath.Join(dir, "half.db")
	if err := sqliteschema.SetupSchema(&config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      half,
		ConnectAttributes: map[string]string{"mode": "rwc", "journal_mode": "off", "synchronous": "0"},
	}); err != nil {
		return err
	}
	return os.Rename(half, file)
}
