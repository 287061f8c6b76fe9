package waterfall

import (
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// Build tells builds of a program apart.
type Build struct {
	Path     string    `json:"path,omitzero"`     // of the main package
	Version  string    `json:"version,omitzero"`  // of its module, empty if unknown
	Revision string    `json:"revision,omitzero"` // of its repository
	Time     time.Time `json:"time,omitzero"`     // of the revision
	Modified bool      `json:"modified,omitzero"` // there was more than the revision has
}

var thisBuild = sync.OnceValue(func() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Build{}
	}
	b := Build{Path: info.Path, Version: strings.TrimSuffix(info.Main.Version, "(devel)")}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time, _ = time.Parse(time.RFC3339, s.Value)
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
})

// without a repository around the source it has no revision.
func ThisBuild() Build { return thisBuild() }

// String is the version, or else the first digits of the revision.
func (b Build) String() string {
	s := b.Version
	if s == "" && b.Revision != "" {
		s = b.Revision[:min(len(b.Revision), 12)]
	}
	switch {
	case s == "":
		return "unknown build"
	case b.Modified && !strings.HasSuffix(s, "+dirty"):
		s += " (modified)"
	}
	return s
}
