package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/asap-go/asap/examples/storefront/money"
)

// Product is an entry of the catalogue.
type Product struct {
	ID          int         `json:"id"`
	Name        string      `json:"name"`
	Category    string      `json:"category"`
	Finish      string      `json:"finish"`
	Description string      `json:"description"`
	List        money.Money `json:"list"` // the price in the catalogue's currency
}

const productColumns = `p.id, p.name, p.category, p.finish, p.description, p.price_minor`

func scanProduct(r *sql.Rows, p *Product) error {
	p.List.Currency = ListCurrency
	return r.Scan(&p.ID, &p.Name, &p.Category, &p.Finish, &p.Description, &p.List.Minor)
}

// ListCurrency is the currency of the catalogue's prices.
const ListCurrency = "USD"

// Page returns n products of the catalogue, those after the first n·page.
// Past the end there are none.
func (s *Store) Page(ctx context.Context, page, n int) ([]Product, error) {
	return s.rows(ctx, scanProduct,
		`SELECT `+productColumns+` FROM products p ORDER BY p.id LIMIT ? OFFSET ?`, n, page*n)
}

// Product returns one product, or [ErrNotFound].
func (s *Store) Product(ctx context.Context, id int) (Product, error) {
	found, err := s.rows(ctx, scanProduct, `SELECT `+productColumns+` FROM products p WHERE p.id = ?`, id)
	if err == nil && len(found) == 0 {
		err = notFound(sql.ErrNoRows, "product", id)
	}
	if err != nil {
		return Product{}, err
	}
	return found[0], nil
}

// Products returns the products with these ids, in their order, or
// [ErrNotFound] if one is missing.
func (s *Store) Products(ctx context.Context, ids []int) ([]Product, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	found, err := s.rows(ctx, scanProduct,
		`SELECT `+productColumns+` FROM json_each(?) ids JOIN products p ON p.id = ids.value ORDER BY ids.key`, string(list))
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		if i >= len(found) || found[i].ID != id {
			return nil, notFound(sql.ErrNoRows, "product", id)
		}
	}
	return found, nil
}

// BoughtTogether returns, for every product that was ordered with another
// one, those others: the most frequent first, the lower id first among equals.
func (s *Store) BoughtTogether(ctx context.Context) (map[int][]int, error) {
	type pair struct{ a, b int }
	pairs, err := s.rows(ctx, func(r *sql.Rows, p *pair) error { return r.Scan(&p.a, &p.b) },
		`SELECT a.product_id, b.product_id FROM order_lines a JOIN order_lines b USING (order_id)
		 WHERE a.product_id <> b.product_id
		 GROUP BY 1, 2 ORDER BY 1, count(*) DESC, 2`)
	if err != nil {
		return nil, err
	}
	together := make(map[int][]int)
	for _, p := range pairs {
		together[p.a] = append(together[p.a], p.b)
	}
	return together, nil
}

// Notice returns the line that the shop shows to everybody.
func (s *Store) Notice(ctx context.Context) (string, error) {
	var text string
	err := s.row(ctx, `SELECT text FROM notices ORDER BY id DESC LIMIT 1`, nil, &text)
	return text, notFound(err, "notice", "")
}
