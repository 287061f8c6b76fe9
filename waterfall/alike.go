package waterfall

import "strings"

// Tasks alike are a family: pictures fold them, and WhatIf changes them together.

// alikeName is the name that tasks alike have in common within one place: likes[] is
// of the elements of likes, and a number is a star. The second and later ones of a
// name are numbered by the library.
func (x *index) alikeName(i int) string {
	if p := x.whole(i); p >= 0 {
		return clip(x.run.Tasks[p].Name, longestTold) + "[]"
	}
	return starred(clip(x.run.Tasks[i].Name, longestTold))
}

// whole is the Map or Race that task i is part of, or -1.
func (x *index) whole(i int) int {
	if p := x.parent(i); p >= 0 && x.run.Tasks[p].Group == x.run.Tasks[i].Group {
		return p
	}
	return -1
}

func starred(name string) string {
	if at := strings.LastIndexByte(name, '#'); at > 0 && at+1 < len(name) && strings.Trim(name[at+1:], "0123456789") == "" {
		name = name[:at]
	}
	if !strings.ContainsAny(name, "0123456789") {
		return name
	}
	var b strings.Builder
	digit := false
	for _, r := range name {
		if was := digit; r >= '0' && r <= '9' {
			if digit = true; !was {
				b.WriteByte('*')
			}
			continue
		}
		digit = false
		b.WriteRune(r)
	}
	return b.String()
}

// familyName is how a family is called, and what WhatIf takes for it.
func familyName(alike string) string {
	if strings.HasSuffix(alike, "[]") || strings.Contains(alike, "*") {
		return alike
	}
	return alike + "#*" // x, x#2, x#3
}

// ofFamily tells whether task i is of the family of that name: within its place, which
// may be left out, and alike.
func (x *index) ofFamily(i int, name string) bool {
	own := x.alikeName(i)
	if own == name || familyName(own) == name {
		return true
	}
	place := x.groupName(i)
	return place != "" && (place+"/"+own == name || place+"/"+familyName(own) == name)
}

// familyPath is the name by which WhatIf knows the family of task i, of which there may
// be several in places alike.
func (x *index) familyPath(i int) string {
	own, place := x.alikeName(i), x.groupName(i)
	if !strings.ContainsAny(place, "*[") {
		own = familyName(own)
	}
	if place == "" {
		return own
	}
	return place + "/" + own
}
