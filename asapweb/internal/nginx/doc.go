// Package nginx has no code: its tests put a real nginx in front of package
// asapweb, in its default configuration and in usual ones.
package nginx
