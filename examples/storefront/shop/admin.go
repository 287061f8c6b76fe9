package shop

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/asap-go/asap/examples/storefront/services"
)

// showFaults answers with what is wrong with each service.
func (s *Shop) showFaults(w http.ResponseWriter, _ *http.Request) {
	now := make(map[string]services.Fault)
	for _, name := range services.Names() {
		now[name] = s.Services.Fault(name)
	}
	writeJSON(w, http.StatusOK, now, nil)
}

// setFault switches a fault on, or off with the fault ok, and sends the
// visitor back to the page that he came from.
func (s *Shop) setFault(w http.ResponseWriter, r *http.Request) {
	f, err := services.ParseFault(r.PostFormValue("fault"))
	if err == nil {
		err = s.Services.Break(r.PostFormValue("service"), f)
	}
	if err != nil {
		s.refuse(w, r, badRequest(err))
		return
	}
	http.Redirect(w, r, local(r.PostFormValue("back")), http.StatusSeeOther)
}

// local gives an address of this shop, whatever a form says.
func local(back string) string {
	u, err := url.Parse(back)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	return u.RequestURI()
}
