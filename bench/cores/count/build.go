package count

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build builds package pkg with the instrumented engine in place of package
// asap, and writes the program to path. It runs the go command in the working
// directory, which must be one of the benchmark's module.
func Build(ctx context.Context, pkg, path string) error {
	dir, err := goCommand(ctx, "list", "-f", "{{.Dir}}", "github.com/asap-go/asap")
	if err != nil {
		return err
	}
	names, err := goCommand(ctx, "list", "-f", `{{join .GoFiles "\n"}}`, "github.com/asap-go/asap")
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	for name := range strings.FieldsSeq(names) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		files[name] = text
	}
	changed, err := Rewrite(files)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "asap-counted-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for name, text := range changed {
		copied := filepath.Join(tmp, name)
		if err := os.WriteFile(copied, text, 0o666); err != nil {
			return err
		}
		overlay.Replace[filepath.Join(dir, name)] = copied
	}
	data, err := json.Marshal(overlay)
	if err != nil {
		return err
	}
	config := filepath.Join(tmp, "overlay.json")
	if err := os.WriteFile(config, data, 0o666); err != nil {
		return err
	}
	_, err = goCommand(ctx, "build", "-overlay", config, "-o", path, pkg)
	return err
}

func goCommand(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, errs.Bytes())
	}
	return strings.TrimSpace(out.String()), nil
}
