package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

const markup = `<script>alert("it's")</script>`

// Whatever the database, a service or the visitor says is text on the page.
func TestEscapes(t *testing.T) {
	w := open(t, nil)
	w.Store.Notice = markup
	for i := range w.Store.Products { // the ads have the names, too
		p := &w.Store.Products[i]
		p.Name, p.Description, p.Finish, p.Category = markup, markup, markup, markup+fmt.Sprint(i)
	}
	w.Store.Users[0] = store.User{ID: 1, Name: markup, Address: markup, Email: markup + "@example.com"}
	all := append(pages("escape-0001", 1),
		page{"home", "/?page=1", nil},
		page{"problem", "/?page=" + url.QueryEscape(markup), nil},
		page{"problem", "/" + url.PathEscape(markup), nil},
		page{"problem", "/product/" + url.PathEscape(markup), nil},
		page{"problem", "/cart", url.Values{"product": {markup}}},
		page{"problem", "/admin/faults", url.Values{"service": {markup}, "fault": {"down"}}})
	for _, p := range all {
		_, html := w.ask(p, ASAP, "html")
		html = strings.Replace(html, "<script>"+string(polyfill)+"</script>", "", 1)
		if strings.Contains(strings.ToLower(html), "<script") {
			t.Errorf("%s %s: the page has a script:\n%s", p.name, p.path, html)
		}
		if !strings.Contains(html, "&lt;script&gt;") {
			t.Errorf("%s %s: the page does not show the markup as text", p.name, p.path)
		}
		if !strings.HasPrefix(html, "<!doctype html>") {
			t.Errorf("%s %s: the answer is not a page:\n%s", p.name, p.path, html)
		}
	}
}

var (
	tags    = regexp.MustCompile(`<(/?)([a-z0-9]+)([^>]*?)(/?)>`)
	outside = regexp.MustCompile(`(?i)\b(?:src|href|action)\s*=\s*"([^"]*)"`)
)

// Every page in every mode is a whole document: its tags match, and nothing
// in it comes from elsewhere.
func TestDocuments(t *testing.T) {
	void := map[string]bool{"meta": true, "link": true, "input": true}
	w := open(t, nil)
	for i, m := range Modes {
		all := append(pages("document-"+string(m), 1+i), page{"problem", "/nowhere", nil}, page{"home", "/?page=900", nil})
		for _, p := range all {
			_, html := w.ask(p, m, "html")
			var open []string
			for _, tag := range tags.FindAllStringSubmatch(html, -1) {
				switch {
				case tag[1] == "/":
					if len(open) == 0 || open[len(open)-1] != tag[2] {
						t.Fatalf("%s, %s: </%s> while %v are open", p.name, m, tag[2], open)
					}
					open = open[:len(open)-1]
				case !void[tag[2]] && tag[4] == "":
					open = append(open, tag[2])
				}
			}
			if len(open) > 0 || !strings.HasPrefix(html, "<!doctype html>") {
				t.Errorf("%s, %s: the document starts with %.20q and leaves %v open", p.name, m, html, open)
			}
			for _, a := range outside.FindAllStringSubmatch(html, -1) {
				if !strings.HasPrefix(a[1], "/") && !strings.HasPrefix(a[1], "data:image/svg+xml,") || strings.HasPrefix(a[1], "//") {
					t.Errorf("%s, %s: address %q is not of the shop", p.name, m, a[1])
				}
			}
		}
	}
}

// What the visitor chose is kept by every link, and nothing else is said.
func TestLinksKeepChoices(t *testing.T) {
	w := open(t, nil)
	_, html := w.ask(page{"home", "/?user=7&currency=SEK", nil}, Errgroup, "html")
	for _, want := range []string{
		`href="/product/1?currency=SEK&amp;mode=errgroup&amp;user=7"`,
		`href="/cart?currency=SEK&amp;mode=errgroup&amp;user=7"`,
		`href="/?currency=JPY&amp;format=html&amp;mode=errgroup&amp;user=7"`,
		`href="/?currency=SEK&amp;format=html&amp;mode=sequential&amp;user=7"`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if _, html = w.ask(page{"cart", "/cart?user=7&currency=SEK", nil}, Errgroup, ""); !strings.Contains(html, `action="/checkout?currency=SEK&amp;mode=errgroup&amp;user=7"`) {
		t.Error("the form of an order forgets what the visitor chose")
	}
	if code, html := w.ask(page{"cart", "/checkout?user=7&currency=SEK", nil}, "", ""); code != 200 || !strings.Contains(html, w.Store.Users[6].Name) {
		t.Errorf("who goes back to the checkout gets status %d, want his cart", code)
	}
	if _, html = w.ask(page{"home", "/", nil}, "", ""); !strings.Contains(html, `href="/product/1"`) {
		t.Error("a visitor who chose nothing has choices in his links")
	}
}

func TestCartForm(t *testing.T) {
	w := open(t, nil)
	before := decode[Cart](w, page{"cart", "/cart", nil}, ASAP)
	first := before.Lines[0]
	for _, form := range []url.Values{
		{"product": {"200"}, "currency": {"USD"}},
		{"product": {"200"}},
		{"product": {strconv.Itoa(first.Product.ID)}, "add": {"-99"}},
	} {
		if code, body := w.ask(page{"cart", "/cart", form}, ASAP, "html"); code != 200 || !strings.Contains(body, "Your cart") {
			t.Fatalf("form %v: status %d, want the cart", form, code)
		}
	}
	after := decode[Cart](w, page{"cart", "/cart", nil}, ASAP)
	pieces := make(map[int]int)
	for _, l := range after.Lines {
		pieces[l.Product.ID] = l.Quantity
	}
	if pieces[200] != 2 || pieces[first.Product.ID] != 0 {
		t.Errorf("cart %v, want two of product 200 and none of %d", pieces, first.Product.ID)
	}
}

func TestFaultForm(t *testing.T) {
	w := open(t, nil)
	for from, want := range map[string]string{w.url + "/product/3?mode=errgroup": w.url + "/product/3?mode=errgroup", "": "/"} {
		r := httptest.NewRequest("POST", "/admin/faults", strings.NewReader("service=ads&fault=garbage"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Referer", from)
		answer := httptest.NewRecorder()
		w.Handler().ServeHTTP(answer, r)
		if to := answer.Header().Get("Location"); answer.Code != http.StatusSeeOther || to != want {
			t.Errorf("from %q: status %d to %q, want %q", from, answer.Code, to, want)
		}
	}
	if w.Services.Fault("ads") != services.Garbage {
		t.Errorf("ads is %s, want garbage", w.Services.Fault("ads"))
	}
	if _, html := w.ask(page{"", "/", nil}, "", ""); !regexp.MustCompile(`value="garbage" class="garbage" aria-pressed="true"`).MatchString(html) {
		t.Error("the panel does not show the fault")
	}
}

// Every product of the catalogue has a drawing.
func TestPictures(t *testing.T) {
	w := open(t, nil)
	for _, p := range w.Store.Products {
		if picture(p) == parcel {
			t.Errorf("%s has no drawing", p.Name)
		}
	}
}
