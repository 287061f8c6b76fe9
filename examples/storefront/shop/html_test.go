package shop_test

import (
	"database/sql"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/shop"
)

const markup = `<script>alert("it's")</script>`

// Whatever the database, a service or the visitor says is text on the page.
func TestEscapes(t *testing.T) {
	w := open(t, func(_ *shop.Config, of *services.Config) {
		of.Featured = []services.Featured{{Product: 2, Name: markup, Category: "x"}}
	})
	db, err := sql.Open("sqlite", w.path) // the driver is the store's
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range []string{
		`UPDATE products SET name = ?, description = name, finish = name, category = name WHERE id IN (1, 12) OR id IN (SELECT product_id FROM cart_lines WHERE user_id = 1)`,
		`UPDATE users SET name = ?, address = name, email = name || '@example.com' WHERE id = 1`,
		`UPDATE notices SET text = ?`,
	} {
		if _, err := db.Exec(strings.ReplaceAll(q, "= name", "= ?1"), markup); err != nil {
			t.Fatal(err)
		}
	}
	all := append(pages("escape-0001", 1),
		page{"home", "/?page=1", nil},
		page{"problem", "/?page=" + url.QueryEscape(markup), nil},
		page{"problem", "/" + url.PathEscape(markup), nil},
		page{"problem", "/product/" + url.PathEscape(markup), nil},
		page{"problem", "/cart", url.Values{"product": {markup}}},
		page{"problem", "/admin/faults", url.Values{"service": {markup}, "fault": {"down"}}})
	for _, p := range all {
		_, html := w.ask(p, shop.ASAP, "html")
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
	for i, m := range shop.Modes() {
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
	_, html := w.ask(page{"home", "/?user=7&currency=SEK", nil}, shop.Errgroup, "html")
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
	if _, html = w.ask(page{"home", "/", nil}, "", ""); !strings.Contains(html, `href="/product/1"`) {
		t.Error("a visitor who chose nothing has choices in his links")
	}
}

func TestCartForm(t *testing.T) {
	w := open(t, nil)
	before := decode[shop.Cart](w, page{"cart", "/cart", nil}, shop.ASAP)
	first := before.Lines[0]
	for _, form := range []url.Values{
		{"product": {"200"}, "currency": {"USD"}},
		{"product": {"200"}},
		{"product": {strconv.Itoa(first.Product.ID)}, "quantity": {"0"}},
	} {
		if code, body := w.ask(page{"cart", "/cart", form}, shop.ASAP, "html"); code != 200 || !strings.Contains(body, "Your cart") {
			t.Fatalf("form %v: status %d, want the cart", form, code)
		}
	}
	after := decode[shop.Cart](w, page{"cart", "/cart", nil}, shop.ASAP)
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
	post := func(form url.Values) *http.Response {
		r := httptest.NewRequest("POST", "/admin/faults", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		w.shop.ServeHTTP(answer, r)
		return answer.Result()
	}
	for back, want := range map[string]string{
		"/product/3?mode=errgroup": "/product/3?mode=errgroup",
		"":                         "/",
		"https://example.com/":     "/",
		"//example.com/":           "/",
		"/\\example.com":           "/%5Cexample.com",
		"javascript:alert(1)":      "/",
	} {
		res := post(url.Values{"service": {"ads"}, "fault": {"garbage"}, "back": {back}})
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != want {
			t.Errorf("back %q: status %d to %q, want %q", back, res.StatusCode, res.Header.Get("Location"), want)
		}
	}
	if w.services.Fault("ads") != services.Garbage {
		t.Errorf("ads is %s, want garbage", w.services.Fault("ads"))
	}
	if _, body := w.ask(page{"", "/admin/faults", nil}, "", ""); !strings.Contains(body, `"ads": "garbage"`) || !strings.Contains(body, `"mail": "ok"`) {
		t.Errorf("faults: %s", body)
	}
	if _, html := w.ask(page{"", "/", nil}, "", ""); !regexp.MustCompile(`value="garbage" class="garbage" aria-pressed="true"`).MatchString(html) {
		t.Error("the panel does not show the fault")
	}
}

// Every product of the catalogue has a drawing.
func TestPictures(t *testing.T) {
	w := open(t, nil)
	products, err := w.store.Page(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range products {
		if shop.Picture(p) == shop.Plain {
			t.Errorf("%s has no drawing", p.Name)
		}
	}
}
