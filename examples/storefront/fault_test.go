package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap/examples/storefront/services"
)

// needed are the services that a page cannot do without, and what asap names
// as the task that failed: the first of several, so any of them.
var needed = map[string]map[string][]string{
	"home":     {"currency": {"currencies", "price["}},
	"product":  {"currency": {"currencies", "price"}},
	"cart":     {"currency": {"currencies", "line[", "shippingPrice"}, "shipping": {"shippingQuote"}},
	"checkout": {"currency": {"line[", "shippingPrice"}, "shipping": {"shippingQuote"}, "payment": {"charge"}},
}

// optional are the services that a page can do without, and what it then says
// is missing.
var optional = map[string]map[string]string{
	"home":     {"ads": "ad"},
	"product":  {"ads": "ad", "recommendations": "recommendations"},
	"cart":     {"recommendations": "recommendations"},
	"checkout": {"mail": "mail"},
}

// whys is what is said of each fault.
var whys = map[services.Fault]string{
	services.Down:    " service: down: hung up without an answer",
	services.Slow:    " service: no answer within ",
	services.Garbage: " service: nonsense in the answer: ",
}

// With any fault of any service, every page in every mode is whole, or says
// what it does without, or fails and says at what.
func TestFaults(t *testing.T) {
	w := open(t, nil)
	user := 0
	for _, service := range services.Names {
		for _, fault := range []services.Fault{services.Down, services.Garbage} {
			if err := w.Services.Break(service, fault); err != nil {
				t.Fatal(err)
			}
			for _, m := range Modes {
				user++
				for _, p := range pages(fmt.Sprintf("fault-%06d", user), user) {
					if err := w.checkFault(p, m, service, fault); err != nil {
						t.Errorf("%s %s: %s, %s: %v", service, fault, p.name, m, err)
					}
				}
			}
		}
		w.Services.Break(service, services.None)
	}
}

// The same when a service is slow: an hour, so nobody waits for the end of
// it. All pages wait at once.
func TestSlowServices(t *testing.T) {
	var wg sync.WaitGroup
	for _, service := range services.Names {
		w := open(t, func(c *settings) {
			c.Patience, c.Deadline, c.timeout = 40*time.Millisecond, 40*time.Millisecond, 2*time.Second
		})
		if err := w.Services.Break(service, services.Slow); err != nil {
			t.Fatal(err)
		}
		for user, m := range Modes {
			for _, p := range pages(fmt.Sprintf("slow-%06d", user), 1+user) {
				wg.Go(func() {
					if err := w.checkFault(p, m, service, services.Slow); err != nil {
						t.Errorf("%s slow: %s, %s: %v", service, p.name, m, err)
					}
				})
			}
		}
	}
	wg.Wait()
}

func (w *world) checkFault(p page, m Mode, service string, fault services.Fault) error {
	code, body, err := w.try(w.Context(), p, m, "json")
	if err != nil {
		return err
	}
	var data map[string]any
	if err := json.Unmarshal([]byte(body), &data); err != nil {
		return err
	}
	failed := fmt.Sprint(data["error"])
	want := service + whys[fault]
	if tasks, ok := needed[p.name][service]; ok {
		if code != 502 || !strings.Contains(failed, want) {
			return fmt.Errorf("status %d, error %q; want 502, %q", code, failed, want)
		}
		named := slices.ContainsFunc(tasks, func(task string) bool { return strings.HasPrefix(failed, task) })
		if (m == ASAP || m == Tail) && !named {
			return fmt.Errorf("error %q names none of the tasks %v", failed, tasks)
		}
		return nil
	}
	if code != 200 {
		return fmt.Errorf("status %d, error %q; want a page", code, failed)
	}
	part := optional[p.name][service]
	found := part == ""
	for name, field := range data {
		f, _ := field.(map[string]any)
		text, missing := f["why"].(string)
		switch {
		case !missing:
		case name == part && strings.HasPrefix(text, want):
			found = true
		case m == Tail && fault == services.Slow && strings.HasPrefix(text, "within "): // on a busy machine others, too
			found = found || name == part
		case fault == services.Slow && strings.Contains(text, "no answer within 40ms"):
			// on a busy machine other parts are late, too
		default:
			return fmt.Errorf("%s is missing because %q, want only %s, %q", name, text, part, want)
		}
	}
	if !found {
		return fmt.Errorf("%s is not missing: %s", part, body)
	}
	return nil
}

// The page of a failure says in words what failed.
func TestProblemPage(t *testing.T) {
	w := open(t, nil)
	w.Services.Break("currency", services.Down)
	for _, m := range Modes {
		for _, p := range pages("problem-1", 1) {
			code, html := w.ask(p, m, "html")
			want := http.StatusBadGateway
			if p.name == "home" && (m == ASAP || m == Tail) {
				want = http.StatusOK // which was sent before
			}
			if code != want || !strings.Contains(html, "Somebody we depend on let us down") || !strings.Contains(html, "currency service: down: hung up without an answer") {
				t.Errorf("%s, %s: status %d, page does not say what failed:\n%s", p.name, m, code, html)
			}
		}
	}
}

// A page does not wait for its optional parts longer than its patience, and
// says so where they would be. Slow is an hour here: waiting would not end.
func TestOptionalDeadline(t *testing.T) {
	w := open(t, func(c *settings) { c.Patience, c.Deadline = 40*time.Millisecond, time.Minute })
	for _, service := range []string{"ads", "recommendations"} {
		w.Services.Break(service, services.Slow)
	}
	for _, m := range Modes {
		p := pages("", 1)[1]
		got := decode[Product](w, p, m)
		if got.Ad.Why != "ads service: no answer within 40ms" || got.Recommendations.Why != "recommendations service: no answer within 40ms" {
			t.Errorf("%s: %+v, want the ad and the recommendations missing, after 40ms", m, got)
		}
		if got.Ad.Value.Text != "" || got.Recommendations.Value != nil || got.Offer.Price.Minor == 0 {
			t.Errorf("%s: %+v, want the price and no more", m, got)
		}
		_, html := w.ask(p, m, "html")
		for _, want := range []string{"No advertisement today.", "ads service: no answer within 40ms", "Recommendations are missing from this page.", "recommendations service: no answer within 40ms"} {
			if !strings.Contains(html, want) {
				t.Errorf("%s: the page does not say %q", m, want)
			}
		}
	}
}
