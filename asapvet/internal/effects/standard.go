package effects

import (
	"go/ast"
	"go/types"
	"strings"
)

// isRequest reports whether a method sends a request that was made before.
func isRequest(name string) bool {
	switch name {
	case "Do", "RoundTrip", "MakeRequest", "Run":
		return true
	}
	return false
}

// isStandard reports whether a path is of the standard library.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return standardRoots[first]
}

var standardRoots = func() map[string]bool {
	standardRoots := make(map[string]bool)
	for w := range strings.FieldsSeq("archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go hash html image " +
		"index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv strings sync syscall testing text time unicode unique unsafe weak structs vendor") {
		standardRoots[w] = true
	}
	return standardRoots
}()

// standard judges calls of the standard library.
func (t *Table) standard(p *Package, c *ast.CallExpr, f *types.Func, path string) Summary {
	name := f.Name()
	write := Summary{Effects: Writes, Trail: name}
	read := Summary{Effects: Reads}
	switch path {
	case "database/sql":
		switch recvName(f) {
		case "Rows", "Row", "Null":
			return Summary{Mutates: destinations(c)}
		}
		switch {
		case strings.HasPrefix(name, "Query"), strings.HasPrefix(name, "Ping"), strings.HasPrefix(name, "Prepare"):
			return read
		case strings.HasPrefix(name, "Exec"), strings.HasPrefix(name, "Begin"), name == "Commit", name == "Rollback", name == "Conn":
			return write
		}
	case "net/http":
		switch name {
		case "Get", "Head":
			if r := recvName(f); r == "" || r == "Client" {
				return read
			}
		case "Do", "RoundTrip", "Post", "PostForm", "Serve", "ServeHTTP", "ListenAndServe":
			return Summary{Effects: Unknown, Trail: "http " + name}
		case "Write", "WriteHeader", "Error", "Redirect", "NotFound", "ServeContent", "ServeFile", "SetCookie":
			return write
		case "Set", "Add", "Del":
			return Summary{Mutates: 1}
		}
	case "os":
		switch name {
		case "Open", "ReadFile", "Stat", "Lstat", "ReadDir", "Readlink":
			return Summary{Effects: Cached} // as cheap
		case "Create", "WriteFile", "Remove", "RemoveAll", "Mkdir", "MkdirAll", "MkdirTemp", "CreateTemp", "Rename", "Chmod", "Chown", "Chtimes",
			"Link", "Symlink", "Truncate", "Exit", "Setenv", "Unsetenv", "Chdir", "Write", "WriteString", "WriteAt", "OpenFile", "Sync", "Kill", "Signal":
			return write
		}
	case "os/exec":
		switch name {
		case "Run", "Output", "CombinedOutput", "Start":
			return Summary{Effects: Unknown, Trail: "runs a command"}
		}
	case "net":
		switch {
		case strings.HasPrefix(name, "Lookup"):
			return read
		case strings.HasPrefix(name, "Dial"), strings.HasPrefix(name, "Listen"), strings.HasPrefix(name, "Write"):
			return Summary{Effects: Unknown, Trail: "net." + name}
		}
	case "path/filepath":
		switch name {
		case "Walk", "WalkDir", "Glob", "EvalSymlinks":
			return Summary{Effects: Cached}
		}
	case "fmt":
		switch {
		case strings.HasPrefix(name, "Print"), strings.HasPrefix(name, "Scan"):
			return write
		case strings.HasPrefix(name, "Fprint"):
			if len(c.Args) > 0 {
				switch tn := typeName(p.Info.TypeOf(c.Args[0])); tn {
				case "Builder", "Buffer":
					return Summary{Mutates: 2}
				}
			}
			return write
		}
	case "io":
		switch name {
		case "Copy", "CopyN", "WriteString":
			if name != "WriteString" && len(c.Args) > 0 && types.ExprString(c.Args[0]) == "io.Discard" {
				return Summary{} // of a body that was read
			}
			return Summary{Mutates: 2, Effects: Unknown, Trail: "io." + name}
		case "Write":
			return Summary{Mutates: 1}
		}
	case "encoding/json", "encoding/xml":
		switch name {
		case "Unmarshal":
			return Summary{Mutates: 4}
		case "Decode":
			return Summary{Mutates: 3}
		case "Encode":
			return Summary{Mutates: 1}
		}
	case "sort":
		return Summary{Mutates: 2}
	case "slices":
		if strings.HasPrefix(name, "Sort") || name == "Reverse" || name == "Delete" || name == "DeleteFunc" || strings.HasPrefix(name, "Compact") {
			return Summary{Mutates: 2}
		}
	case "maps":
		if name == "Copy" || name == "DeleteFunc" || name == "Insert" {
			return Summary{Mutates: 2}
		}
	case "strings", "bytes":
		if r := recvName(f); (r == "Builder" || r == "Buffer") && (strings.HasPrefix(name, "Write") || name == "Reset" || name == "ReadFrom") {
			return Summary{Mutates: 1}
		}
	case "sync":
		if name == "Do" && recvName(f) == "Once" {
			return Summary{}
		}
	case "net/url":
		switch name {
		case "Set", "Add", "Del":
			return Summary{Mutates: 1}
		}
	case "math/rand", "runtime/debug", "time":
	case "container/list", "container/heap", "container/ring":
		return Summary{Mutates: 1}
	}
	return Summary{}
}
