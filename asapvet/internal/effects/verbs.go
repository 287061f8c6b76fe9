package effects

import (
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

var verbs = func() map[string]kind {
	verbs := make(map[string]kind)
	for k, words := range map[kind]string{
		reads: "get list find count query select scan first take all one search fetch load read lookup describe exists exist head stat " +
			"rows row pluck last has is check download inspect show view calculate calc compute sum total aggregate original group pull walk " +
			"export raw info metadata ping status resolve distinct fts browse retrieve collect peek traverse",
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
	return verbs
}()

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
	if len(w) > 1 && w[0] == "named" { // NamedQueryContext
		w = w[1:]
	}
	if last := w[len(w)-1]; len(w) > 1 && (last == "context" || last == "ctx") {
		w = w[:len(w)-1]
	}
	if k := verbs[w[0]]; k != other || len(w) == 1 {
		return k
	}
	return verbs[w[len(w)-1]] // ContainerList
}

// IsReadName and IsWriteName say what the verb of a name promises.
func IsReadName(name string) bool { return verb(name) == reads }

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

// CommentWords splits a text, or the name of a file, into words, in lower case.
func CommentWords(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}
