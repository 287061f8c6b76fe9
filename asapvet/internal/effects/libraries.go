package effects

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

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

func isBuilder(name string) bool {
	switch firstWord(name) {
	case "new", "with", "build", "make", "to", "from", "default", "model", "where", "table", "preload", "context", "value", "extract", "inject", "parse", "in", "into", "session":
		return true
	}
	return strings.HasSuffix(name, "FromContext") || strings.HasSuffix(name, "FromCtx")
}

// looksOutside says of a method of an unknown type whether its verb alone means that
// somebody else is asked: databases' verbs do, Get and Has of maps and headers do not.
// Those that fill what they are given do so of databases; All() is any collection's.
func looksOutside(c *ast.CallExpr, name string) bool {
	switch name {
	case "Query", "QueryRow", "QueryRows", "Count", "Pluck", "Exist", "Exists", "Rows":
		return true
	case "All", "One", "Find", "First", "Take", "Scan", "Read", "Last":
		return len(c.Args) > 0
	}
	return false
}

// builders are packages that make statements, which others run.
var builders = []string{"squirrel", "goqu", "sqlbuilder", "builder", "jet", "sqlf"}

// writesOutside is looksOutside for writes, of a method in a chain that begins in a
// package.
func writesOutside(name, path string) bool {
	if lib(path, builders) {
		return name == "Exec"
	}
	switch name {
	case "Exec", "Insert", "InsertMulti", "InsertOne", "InsertOrUpdate", "Update", "Updates", "UpdateOne", "Delete", "DeleteOne", "Save", "Create", "Commit", "Send", "Publish",
		"FirstOrCreate", "Begin", "BeginTx", "Transaction":
		return true
	}
	return false
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
