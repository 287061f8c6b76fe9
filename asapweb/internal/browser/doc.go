// Package browser has no code: its tests open the pages of package asapweb in
// Chromium. It is a module of its own because they need a library for that.
//
// The pictures of the documentation are made by
//
//	go test -run TestPictures -pictures ../../../docs/img .
package browser
