package dbosasap

import (
	"encoding/base64"
	"testing"
)

// TasksIn returns the calls whose ends a step of DBOS has, as a listing has its output;
// none if it is the start of a workflow.
func TasksIn(t *testing.T, output any) (tasks []string) {
	t.Helper()
	text, ok := listed(output)
	if !ok {
		return nil
	}
	page, err := readPage(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page {
		if r.Task != "" {
			tasks = append(tasks, r.Task)
		}
	}
	return tasks
}

// TasksInRow is TasksIn of an output as the database has it.
func TasksInRow(t *testing.T, output string) []string {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(output)
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return TasksIn(t, string(data))
}

// IsCause is what decides whether a record has the cause of a cancel instead of an error.
var IsCause = isCause
