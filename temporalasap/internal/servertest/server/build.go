package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// modulePath is this module, beside which is the server's, ../devserver.
const modulePath = "github.com/asap-go/asap/temporalasap/internal/servertest"

// Build returns the path of the server's program. It looks in the user's cache
// directory first, under a name made from the program's sources, its go.sum
// and the Go version; it runs go build when there is none, for minutes on a
// machine that never built it, and tells progress when it does. Processes that
// call it at the same time build once. ctx ends the build, whose finished
// packages stay in Go's build cache.
func Build(ctx context.Context, progress io.Writer) (string, error) {
	return build(ctx, ".", progress)
}

// BuildNode is Build for the program of one process of a cluster: ../../devserver/node.
func BuildNode(ctx context.Context, progress io.Writer) (string, error) {
	return build(ctx, "node", progress)
}

// build is for the package in that folder of the server's module.
func build(ctx context.Context, folder string, progress io.Writer) (string, error) {
	dir, err := source(ctx)
	if err != nil {
		return "", fmt.Errorf("server: find the sources: %w", err)
	}
	key, err := fingerprint(dir)
	if err != nil {
		return "", fmt.Errorf("server: read the sources: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "asap-devserver")
	if folder != "." {
		key += "-" + folder
	}
	program := filepath.Join(cache, key+exeSuffix())
	if built(program) {
		return program, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("server: %w", err)
	}
	unlock, err := lock(ctx, filepath.Join(cache, "lock"))
	if err != nil {
		return "", fmt.Errorf("server: wait for another build: %w", err)
	}
	defer unlock()
	if built(program) {
		return program, nil
	}
	return program, compile(ctx, filepath.Join(dir, folder), program, progress)
}

func compile(ctx context.Context, dir, program string, progress io.Writer) error {
	began := time.Now()
	fmt.Fprintln(progress, "server: building a Temporal server, once; this takes minutes on a machine that never did")
	half := program + ".half"
	defer os.Remove(half)
	// Not -race and not the workspace: one build serves every kind of test.
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", half, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOTOOLCHAIN=auto", "GOFLAGS=")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("server: go build in %s after %v: %w\n%s",
			dir, time.Since(began).Round(time.Second), errors.Join(err, context.Cause(ctx)), last(said.Bytes(), 2000))
	}
	if err := os.Rename(half, program); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	fmt.Fprintf(progress, "server: built in %v\n", time.Since(began).Round(time.Second))
	sweep(program)
	return nil
}

// sweep removes the programs of older sources: each is as big as a hundred
// tests. One that was built within a day may belong to another checkout.
func sweep(keep string) {
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(keep), "devserver-*"))
	for _, file := range files {
		info, err := os.Stat(file)
		if err == nil && !strings.HasPrefix(keep, strings.TrimSuffix(file, "-node")) && time.Since(info.ModTime()) > 24*time.Hour {
			os.Remove(file)
		}
	}
}

// source is the directory of the server's module. A binary that was built with
// -trimpath does not know where its sources were, and asks the go command.
func source(ctx context.Context) (string, error) {
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		dir := filepath.Join(filepath.Dir(file), "..", "..", "devserver")
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", modulePath)
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, last(exit.Stderr, 500))
		}
		return "", err
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "..", "devserver")
	_, err = os.Stat(filepath.Join(dir, "go.mod"))
	return dir, err
}

// fingerprint names the program after everything that goes into it.
func fingerprint(dir string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		if ext := filepath.Ext(name); ext != ".go" && ext != ".mod" && ext != ".sum" {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
		return err
	})
	return fmt.Sprintf("devserver-%x", sum.Sum(nil)[:8]), err
}

func built(program string) bool {
	info, err := os.Stat(program)
	return err == nil && info.Mode().IsRegular()
}

func exeSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// last is the end of a long text: of a failed build or a dead server only
// that is of interest.
func last(text []byte, n int) string {
	if len(text) > n {
		text = append([]byte("…"), text[len(text)-n:]...)
	}
	return string(bytes.TrimSpace(text))
}
