package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

var console = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")

// docs/seeing.md shows what the commands say, run in the repository's root.
func TestDocument(t *testing.T) {
	const path = "../../docs/seeing.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	got := console.ReplaceAllStringFunc(string(page), func(block string) string {
		blocks++
		var b strings.Builder
		b.WriteString("```console\n")
		for line := range strings.Lines(block) {
			args, ok := strings.CutPrefix(strings.TrimSpace(line), "$ asap ")
			if !ok {
				continue
			}
			b.WriteString("$ asap " + args + "\n")
			args, file, redirected := strings.Cut(args, " > ")
			cmd := exec.Command(command, strings.Fields(args)...)
			cmd.Dir = "../.."
			cmd.Env = append(os.Environ(), "COLUMNS=80")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("asap %s: %v\n%s", args, err, out)
			}
			if !redirected {
				b.Write(out)
				continue
			}
			if kept, err := os.ReadFile("../../" + file); err != nil || !bytes.Equal(kept, out) {
				t.Errorf("asap %s does not write %s: %v", args, file, err)
			}
		}
		return b.String() + "```"
	})
	if blocks < 5 {
		t.Errorf("%s has %d blocks of commands, want more", path, blocks)
	}
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(page) {
		t.Errorf("%s has not what the commands print; if that is right, run go test -update. It should be\n%s", path, got)
	}
}
