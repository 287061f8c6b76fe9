package asapweb

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guard refuses whoever may not see the page.
func (h *handler) guard(r *http.Request) error {
	if h.allow != nil {
		if h.allow(r) {
			return nil
		}
		return refuse(http.StatusForbidden, "this page is not for you: asapweb.Allow refused the request")
	}
	const hint = "; this page answers on this machine only, unless its program is given asapweb.Allow"
	if !fromHere(r.RemoteAddr) {
		return refuse(http.StatusForbidden, "client %s: not on this machine%s", r.RemoteAddr, hint)
	}
	if !toHere(r.Host) {
		return refuse(http.StatusForbidden, "host %s: not a name of this machine, as localhost is%s", r.Host, hint)
	}
	for _, key := range []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip"} {
		if _, ok := r.Header[key]; ok {
			return refuse(http.StatusForbidden, "header %s: a proxy is between the client and this machine%s", key, hint)
		}
	}
	return nil
}

// fromHere tells whether a connection comes from a loopback address.
func fromHere(remote string) bool {
	a, err := netip.ParseAddrPort(remote)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// toHere tells whether a client meant this machine: a site that makes its own
// name resolve to 127.0.0.1 (DNS rebinding) still sends that name.
func toHere(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
