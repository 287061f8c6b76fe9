package effects

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
	"unicode"
)

// kind is what the verb of a name says.
type kind int

const (
	other kind = iota
	reads
	writes
)

var verbs = map[string]kind{}

func init() {
	for k, words := range map[kind]string{
		reads: "get list find count query select scan first take all one search fetch load read lookup describe exists exist head stat " +
			"rows row pluck last has is check download inspect show view calculate compute sum total aggregate original group pull walk " +
			"export raw info metadata ping status resolve distinct fts browse retrieve collect peek",
		writes: "create insert update delete remove set put save upsert add exec execute send publish post patch write drop truncate commit rollback begin " +
			"tx transaction lock unlock acquire enqueue dequeue push pop emit notify start stop register unregister grant revoke assign unassign attach detach mark " +
			"increment incr decr replace merge move rename copy upload apply ensure sync refresh reset restore import trigger cancel kill restart " +
			"migrate archive touch store persist append record associate prune purge clear flush invalidate evict expire rotate enable disable " +
			"approve reject invite subscribe unsubscribe consume schedule launch deploy destroy terminate scale attach mkdir unlink chmod chown must prompt ask",
	} {
		for w := range strings.FieldsSeq(words) {
			verbs[w] = k
		}
	}
}

// words splits a name in mixed caps, lower case.
func words(name string) []string {
	var out []string
	start := 0
	r := []rune(name)
	for i := 1; i <= len(r); i++ {
		if i == len(r) || r[i] == '_' || r[i-1] == '_' ||
			unicode.IsUpper(r[i]) && (!unicode.IsUpper(r[i-1]) || i+1 < len(r) && unicode.IsLower(r[i+1])) {
			if w := strings.Trim(string(r[start:i]), "_"); w != "" {
				out = append(out, strings.ToLower(w))
			}
			start = i
		}
	}
	return out
}

func firstWord(name string) string {
	if w := words(name); len(w) > 0 {
		return w[0]
	}
	return ""
}

// verb says what a name begins with.
func verb(name string) kind {
	w := words(name)
	if len(w) == 0 {
		return other
	}
	for i, x := range w { // GetOrCreate
		if x == "or" && i+1 < len(w) && verbs[w[i+1]] == writes {
			return writes
		}
	}
	if k := verbs[w[0]]; k != other || len(w) == 1 {
		return k
	}
	return verbs[w[len(w)-1]] // ContainerList
}

// IsReadName and IsWriteName say what the verb of a name promises.
func IsReadName(name string) bool  { return verb(name) == reads }
func IsWriteName(name string) bool { return verb(name) == writes }

// Words splits a name in mixed caps into its words, in lower case.
func Words(name string) []string { return words(name) }

func cachedName(name string) bool {
	for _, w := range words(name) {
		switch w {
		case "cache", "cached", "cacher", "memo", "memoized", "memoize", "lru":
			return true
		}
	}
	return false
}

// cacheCall reports whether a call asks something that is called a cache.
func cacheCall(info *types.Info, c *ast.CallExpr) bool {
	sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	switch firstWord(sel.Sel.Name) {
	case "get", "load", "fetch", "lookup", "find", "do", "peek", "read":
	case "once":
	default:
		return false
	}
	for e := sel.X; ; {
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			if cachedName(x.Name) {
				return true
			}
			return cachedName(typeName(info.TypeOf(x)))
		case *ast.SelectorExpr:
			if cachedName(x.Sel.Name) {
				return true
			}
			return cachedName(typeName(info.TypeOf(x)))
		case *ast.CallExpr:
			id := calleeIdent(x)
			return id != nil && cachedName(id.Name)
		default:
			return false
		}
	}
}

func typeName(t types.Type) string {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name()
	}
	return ""
}

func typePath(t types.Type) string {
	for {
		switch u := t.(type) {
		case *types.Pointer:
			t = u.Elem()
			continue
		case *types.Named:
			if u.Obj().Pkg() != nil {
				return u.Obj().Pkg().Path()
			}
		}
		return ""
	}
}

// silent are packages and types that only tell: what they do is nobody's result.
var silent = []string{"log", "logger", "logging", "slog", "zap", "logrus", "zerolog", "klog", "glog", "metric", "metrics", "prometheus", "statsd", "stats",
	"trace", "tracer", "tracing", "span", "otel", "opentelemetry", "opentracing", "sentry", "telemetry", "instrumentation", "terminal", "spinner", "progress"}

// local are packages that compute, or look at what the process has.
var local = []string{"pflag", "cobra", "viper", "uuid", "ulid", "jwt", "yaml", "json", "toml", "lo", "mo", "errors", "template", "humanize", "decimal",
	"color", "semver", "mux", "chi", "gin", "echo", "copier", "cast", "strcase", "set", "mapset", "sets", "assert", "require", "gods", "validator", "govalidator"}

// flags are packages that look up feature flags, which they have at hand.
var flags = []string{"openfeature", "launchdarkly", "unleash", "flagsmith", "growthbook", "flipt"}

// outside are words in the paths of packages whose calls go to somebody else.
var outside = []string{"sql", "orm", "gorm", "bun", "pgx", "pq", "sqlx", "redis", "mongo", "clickhouse", "elastic", "elasticsearch", "opensearch", "docker", "moby",
	"kubernetes", "grpc", "cloud", "aws", "azure", "minio", "s3", "etcd", "consul", "vault", "kafka", "nats", "graphql", "genqlient", "ent", "dynamodb",
	"gocql", "ldap", "resty", "github", "gitlab", "slack", "stripe", "api", "client", "sdk", "rpc", "beego", "xorm", "squirrel", "containerd", "oras"}

func hasWord(path string, list []string) bool {
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '-' || r == '.' || r == '_' }) {
		if slices.Contains(list, part) {
			return true
		}
	}
	return false
}

// lib is hasWord for the path of a package, without the host and the owner.
func lib(path string, list []string) bool {
	parts := strings.Split(path, "/")
	if len(parts) > 2 && strings.Contains(parts[0], ".") {
		parts = parts[2:]
	}
	return hasWord(strings.Join(parts, "/"), list)
}

// leaf judges a call of what has no body here. Mutates speaks of the call's arguments.
func (t *Table) leaf(p *Package, c *ast.CallExpr, f *types.Func) Summary {
	info := p.Info
	name := calleeName(c)
	if _, ok := ast.Unparen(c.Fun).(*ast.FuncLit); ok {
		return Summary{} // its body is seen where it stands
	}
	if f == nil {
		if v := calledVar(info, c); v != nil {
			if !v.IsField() && !isGlobal(v) {
				return Summary{} // a closure or a parameter: who made it has its effects
			}
			if isSilentChain(info, c) || !HasContext(info, c) || !canFail(v) {
				return Summary{} // callbacks without a context, or that cannot fail, compute
			}
			return Summary{Effects: Unknown, Trail: "calls the function in " + v.Name()}
		}
	}
	path := ""
	if f != nil && f.Pkg() != nil {
		path = f.Pkg().Path()
	}
	if path != "" && !strings.Contains(strings.SplitN(path, "/", 2)[0], ".") {
		if isStandard(path) {
			return t.standard(p, c, f, path)
		}
	}
	if f != nil && f.Pkg() == nil { // error.Error
		return Summary{}
	}
	if path == "" {
		path = chainPath(info, c)
	}
	if isSilentChain(info, c) || lib(path, silent) {
		return Summary{}
	}
	withCtx := HasContext(info, c)
	if lib(path, []string{"survey", "promptui", "huh", "bubbletea", "prompt"}) {
		return Summary{Effects: Writes, Trail: name + " asks a person"}
	}
	if lib(path, local) && !withCtx || hasWord(path, flags) {
		return Summary{}
	}
	out := withCtx || hasWord(path, outside)
	unresolved := f == nil && path == ""
	var s Summary
	switch verb(name) {
	case reads:
		if out || unresolved && looksOutside(name) {
			s.Effects = Reads
		}
		s.Mutates = destinations(c)
	case writes:
		if withCtx || unresolved && writesOutside(name) || f != nil && out && returnsError(f) {
			s.Effects, s.Trail = Writes, name
			if writesCache(info, c) {
				s = Summary{}
			}
		} else if !writesCache(info, c) { // a cache is for many at once
			s.Mutates = 1
		}
	default:
		if withCtx && (f == nil || returnsError(f)) && (isRequest(name) || !isBuilder(name)) {
			s.Effects, s.Trail = Unknown, name
		}
	}
	return s
}

// writesCache reports whether a write goes to a cache only.
func writesCache(info *types.Info, c *ast.CallExpr) bool {
	sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	switch x := ast.Unparen(sel.X).(type) {
	case *ast.Ident:
		return cachedName(x.Name) || cachedName(typeName(info.TypeOf(x)))
	case *ast.SelectorExpr:
		return cachedName(x.Sel.Name) || cachedName(typeName(info.TypeOf(x)))
	}
	return false
}

func isBuilder(name string) bool {
	switch firstWord(name) {
	case "new", "with", "build", "make", "to", "from", "default", "model", "where", "table", "preload", "context", "value", "extract", "inject", "parse", "in", "into", "session":
		return true
	}
	return strings.HasSuffix(name, "FromContext") || strings.HasSuffix(name, "FromCtx")
}

// looksOutside says of a method of an unknown type whether its verb alone means that
// somebody else is asked: databases' verbs do, Get and Has of maps and headers do not.
func looksOutside(name string) bool {
	switch name {
	case "Query", "QueryRow", "QueryRows", "Count", "All", "One", "Find", "First", "Take", "Pluck", "Exist", "Exists", "Scan", "Read", "Last", "Rows":
		return true
	}
	return false
}

// writesOutside is looksOutside for writes.
func writesOutside(name string) bool {
	switch name {
	case "Exec", "Insert", "InsertMulti", "InsertOne", "InsertOrUpdate", "Update", "Updates", "UpdateOne", "Delete", "DeleteOne", "Save", "Create", "Commit", "Send", "Publish",
		"FirstOrCreate", "Begin", "BeginTx", "Transaction":
		return true
	}
	return false
}

// destinations are the arguments that a library's read fills.
func destinations(c *ast.CallExpr) uint64 {
	var m uint64
	for i, a := range c.Args {
		if u, ok := ast.Unparen(a).(*ast.UnaryExpr); ok && u.Op.String() == "&" {
			if _, lit := ast.Unparen(u.X).(*ast.CompositeLit); !lit {
				m |= 2 << min(i, 61)
			}
		}
	}
	return m
}

// canFail reports whether the function in a variable returns an error.
func canFail(v *types.Var) bool {
	sig, ok := v.Type().Underlying().(*types.Signature)
	if !ok {
		return true
	}
	r := sig.Results()
	return r.Len() > 0 && (isInvalid(r.At(r.Len()-1).Type()) || IsError(r.At(r.Len()-1).Type()))
}

func returnsError(f *types.Func) bool {
	r := f.Signature().Results()
	return r.Len() > 0 && (isInvalid(r.At(r.Len()-1).Type()) || IsError(r.At(r.Len()-1).Type()))
}

// IsError reports whether a type is error.
func IsError(t types.Type) bool {
	n, ok := t.(*types.Named)
	return ok && n.Obj().Pkg() == nil && n.Obj().Name() == "error"
}

// IsContext reports whether a type is context.Context.
func IsContext(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "context" && n.Obj().Name() == "Context"
}

// HasContext reports whether a call is given a context.
func HasContext(info *types.Info, c *ast.CallExpr) bool {
	for _, a := range c.Args {
		if t := info.TypeOf(a); t != nil && IsContext(t) {
			return true
		}
	}
	return false
}

// calledVar returns the variable whose value is called.
func calledVar(info *types.Info, c *ast.CallExpr) *types.Var {
	if id := calleeIdent(c); id != nil {
		v, _ := info.Uses[id].(*types.Var)
		return v
	}
	return nil
}

// chainPath returns the path of the package where a chain of calls begins, whose types
// are not known further on.
func chainPath(info *types.Info, c *ast.CallExpr) string {
	e := ast.Unparen(c.Fun)
	for {
		switch x := e.(type) {
		case *ast.SelectorExpr:
			if t := info.TypeOf(x.X); t != nil && !isInvalid(t) {
				if p := typePath(t); p != "" {
					return p
				}
			}
			if f, ok := info.Uses[x.Sel].(*types.Func); ok && f.Pkg() != nil && isInvalidResult(f) {
				return ""
			}
			e = ast.Unparen(x.X)
		case *ast.CallExpr:
			e = ast.Unparen(x.Fun)
		case *ast.IndexExpr:
			e = ast.Unparen(x.X)
		case *ast.Ident:
			if pn, ok := info.Uses[x].(*types.PkgName); ok {
				return pn.Imported().Path()
			}
			return typePath(info.TypeOf(x))
		default:
			return ""
		}
	}
}

func isInvalidResult(f *types.Func) bool {
	r := f.Signature().Results()
	return r.Len() == 1 && isInvalid(r.At(0).Type())
}

// isSilentChain reports whether the names or types on the way to a method are those of
// logs, metrics and traces.
func isSilentChain(info *types.Info, c *ast.CallExpr) bool {
	e := ast.Unparen(c.Fun)
	for first := true; ; first = false {
		switch x := e.(type) {
		case *ast.SelectorExpr:
			if !first && endsIn(x.Sel.Name, silent) {
				return true
			}
			if t := info.TypeOf(x.X); t != nil && !isInvalid(t) && (endsIn(typeName(t), silent) || lib(typePath(t), silent)) {
				return true
			}
			e = ast.Unparen(x.X)
		case *ast.CallExpr:
			e = ast.Unparen(x.Fun)
			if id := calleeIdent(x); id != nil && endsIn(id.Name, silent) {
				return true
			}
		case *ast.Ident:
			if first {
				return false
			}
			if pn, ok := info.Uses[x].(*types.PkgName); ok {
				return lib(pn.Imported().Path(), silent)
			}
			return endsIn(x.Name, silent)
		default:
			return false
		}
	}
}

func endsIn(name string, list []string) bool {
	w := words(name)
	if len(w) == 0 {
		return false
	}
	return slices.Contains(list, w[len(w)-1])
}

// IsSilent reports whether a call only logs, counts or traces.
func IsSilent(info *types.Info, c *ast.CallExpr) bool { return isSilentChain(info, c) }

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

var standardRoots = map[string]bool{}

func init() {
	for w := range strings.FieldsSeq("archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go hash html image " +
		"index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv strings sync syscall testing text time unicode unique unsafe weak structs vendor") {
		standardRoots[w] = true
	}
}

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

// Call returns what one call does, as seen from where it stands. Mutates then speaks of
// its receiver and arguments.
func (t *Table) Call(p *Package, c *ast.CallExpr) Summary {
	if tv, ok := p.Info.Types[c.Fun]; ok && (tv.IsType() || tv.IsBuiltin()) {
		if id, ok := ast.Unparen(c.Fun).(*ast.Ident); ok && tv.IsBuiltin() {
			switch id.Name {
			case "delete", "clear", "copy":
				return Summary{Mutates: 2}
			case "close", "panic", "recover", "print", "println":
				return Summary{Effects: Writes, Trail: id.Name}
			}
		}
		return Summary{}
	}
	f := Callee(p.Info, c)
	if f != nil {
		s, ok := Summary{}, false
		if n := t.nodes[f.Origin()]; n != nil {
			s, ok = n.sum, true
		} else if t.known != nil {
			s, ok = t.known(f.Origin())
		}
		if ok {
			if s.Given {
				return s
			}
			e := edge{}
			for _, a := range c.Args {
				if m := constantString(p.Info, a); m == "GET" || m == "HEAD" {
					e.asks = true
				}
			}
			if isCacheStore(f) {
				e.only, e.cached = Reads|ByName|Cached, true
				s.Mutates = 0
			}
			if onlyTells(p.Info, c, f) {
				return Summary{}
			}
			s.Effects = e.of(s.Effects)
			return s
		}
	}
	if f == nil {
		f = t.functionIn(p.Info, c)
		if f != nil {
			if n := t.nodes[f.Origin()]; n != nil {
				return n.sum
			}
		} else if n := t.fieldNode(p.Info, c); n != nil {
			return n.sum
		} else if v := calledVar(p.Info, c); v != nil && !isSilentChain(p.Info, c) && HasContext(p.Info, c) && canFail(v) {
			return Summary{Effects: Unknown, Trail: "calls the function in " + v.Name()}
		}
	}
	return t.leaf(p, c, f)
}

// WritesHere reports whether a call, of what has no body here, writes to the outside:
// the function that it stands in is one of a store.
func (t *Table) WritesHere(p *Package, c *ast.CallExpr) bool {
	if tv, ok := p.Info.Types[c.Fun]; ok && (tv.IsType() || tv.IsBuiltin()) {
		return false
	}
	f := Callee(p.Info, c)
	if f != nil && t.nodes[f.Origin()] != nil {
		return false
	}
	if f == nil && calledVar(p.Info, c) != nil {
		return false
	}
	for _, a := range c.Args {
		if lit, ok := ast.Unparen(a).(*ast.BasicLit); ok && len(lit.Value) > 2 && writingSQL(lit.Value) != "" {
			return true
		}
	}
	path := chainPath(p.Info, c)
	if f != nil && f.Pkg() != nil {
		path = f.Pkg().Path()
	}
	switch path {
	case "net/http", "fmt", "os", "io":
		return false
	}
	if path != "" && !isStandard(path) && !lib(path, []string{"sql", "orm", "gorm", "bun", "pgx", "sqlx", "xorm", "beego", "mongo", "gocql", "ent"}) {
		return false
	}
	return verb(calleeName(c)) == writes && t.leaf(p, c, f).Has(Writes)
}

// CommentWords splits a text, or the name of a file, into words, in lower case.
func CommentWords(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}
