package waterfall_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/site"
	"github.com/asap-go/asap/asapvet/passes/waterfall"
)

const docsPrelude = `package docs

import (
	"context"
	"fmt"
%s)

type (
	User  struct{ ID int }
	Quota struct{ Limit int }
	Post  struct{ Title string }
	Page  struct {
		User  *User
		Quota *Quota
		Posts []Post
	}
)

type Store interface {
	//asapvet:read
	GetUser(ctx context.Context, id int) (*User, error)
	//asapvet:read
	GetQuota(ctx context.Context) (*Quota, error)
	//asapvet:read
	ListPosts(ctx context.Context, user int) ([]Post, error)
}

`

// TestDocs makes of the wrong form in docs/asapvet.md the right one, which compiles.
func TestDocs(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(root, "docs/asapvet.md"))
	if err != nil {
		t.Skip("not in the repository: ", err)
	}
	_, section, _ := strings.Cut(string(data), "\n### waterfall\n")
	_, section, _ = strings.Cut(section, "Wrong:")
	pair := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(section, 2)
	if len(pair) != 2 {
		t.Fatalf("%d blocks of code, want a wrong and a right one", len(pair))
	}
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "go.mod"), "module docs\ngo 1.27\nrequire github.com/asap-go/asap v0.0.0\nreplace github.com/asap-go/asap => "+root+"\n")
	file := filepath.Join(dir, "docs.go")
	writeFile(t, file, strings.Replace(docsPrelude, "%s", "", 1)+pair[0][1])
	_, packages := loadAll(t, dir)
	sites, fixed := waterfall.Fixed(packages[0], effects.Of(packages, nil), site.High)
	if len(sites) != 1 || !strings.Contains(strings.Join(strings.Fields(section), " "), sites[0].Message()) {
		t.Errorf("%d sites; the section should have their message", len(sites))
	}
	if want := strings.Replace(docsPrelude, "%s", "\n\t\"github.com/asap-go/asap\"\n", 1) + pair[1][1]; string(fixed[file]) != want {
		t.Errorf("the fix makes\n%s", fixed[file])
	}
	writeFile(t, file, string(fixed[file]))
	if p, _ := loadAll(t, dir); len(p.Packages[0].Errors) > 0 {
		t.Errorf("the right form does not compile: %v", p.Packages[0].Errors)
	}
}
