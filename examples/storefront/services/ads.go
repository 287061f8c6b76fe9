package services

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
)

// Ads picks advertisements.
type Ads struct{ client }

// Ad is an advertisement for a product.
type Ad struct {
	Product int    `json:"product"`
	Text    string `json:"text"`
}

// Featured is a product that there is an ad for.
type Featured struct {
	Product  int
	Name     string
	Category string
}

// For returns an ad that goes with a category, or with nothing in particular
// if that is empty.
func (a *Ads) For(ctx context.Context, category string) (Ad, error) {
	var out Ad
	err := a.ask(ctx, "GET", "/ad?"+url.Values{"category": {category}}.Encode(), nil, &out, func() error {
		if out.Product < 1 || out.Text == "" {
			return fmt.Errorf("ad %q for product %d", out.Text, out.Product)
		}
		return nil
	})
	return out, err
}

var slogans = []string{
	"%s: your neighbours have one.",
	"This week only: %s, wrapped for free.",
	"%s: nobody has ever sent one back.",
	"%s. You know where it would go.",
}

// adsHandler advertises something of another category than the one that the
// visitor looks at, always the same for a request.
func adsHandler(featured []Featured) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ad", func(w http.ResponseWriter, r *http.Request) {
		category := r.FormValue("category")
		var fit []Featured
		for _, f := range featured {
			if f.Category != category {
				fit = append(fit, f)
			}
		}
		if len(fit) == 0 {
			http.Error(w, "no ad", http.StatusNotFound)
			return
		}
		h := fnv.New32a()
		h.Write([]byte(category + "\x00" + r.Header.Get(requestHeader)))
		f := fit[int(h.Sum32()%uint32(len(fit)))]
		reply(w, Ad{f.Product, fmt.Sprintf(slogans[int(h.Sum32()>>16)%len(slogans)], f.Name)})
	})
	return mux
}
