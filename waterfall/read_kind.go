package waterfall

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
)

// head is what all JSON of this package begins with.
type head struct {
	Asap    string `json:"asap"`
	Version int    `json:"version"`
}

// kinds are what there is, by "asap".
var kinds = map[string]string{"run": "a recorded run", "sample": "a sample of runs", "summary": "a summary of runs"}

// otherKind is why data is not of a kind, or of a version that is not known: that is what
// is wrong then, and not the first member that only the other one has. It is nil of what
// is, or cannot be read at all.
func otherKind(data []byte, kind string, most int) error {
	var h head
	if json.Unmarshal(data, &h, jsontext.AllowInvalidUTF8(true)) != nil {
		return nil
	}
	return h.otherKind(data, kind, most)
}

func (h head) otherKind(data []byte, kind string, most int) error {
	switch other := kinds[h.Asap]; {
	case h.Asap == kind && h.Version >= 1 && h.Version <= most:
		return nil
	case h.Asap == kind && most == 1:
		return placed(data, "/version", fmt.Errorf("version %d of the format; this reads version 1", h.Version))
	case h.Asap == kind:
		return placed(data, "/version", fmt.Errorf("version %d of the format; this reads versions 1 to %d", h.Version, most))
	case other != "":
		return placed(data, "/asap", fmt.Errorf("this is not %s but %s", kinds[kind], other))
	}
	return placed(data, "/asap", fmt.Errorf("this is not %s: \"asap\" is not %q", kinds[kind], kind))
}
