package store

import (
	"context"
	"database/sql"
	"fmt"
)

// User is a customer.
type User struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	Address string `json:"address"`
}

// User returns one user, or [ErrNotFound].
func (s *Store) User(ctx context.Context, id int) (User, error) {
	u := User{ID: id}
	err := s.row(ctx, `SELECT name, email, address FROM users WHERE id = ?`, []any{id}, &u.Name, &u.Email, &u.Address)
	return u, notFound(err, "user", id)
}

// CartLine is how many of a product are in a cart.
type CartLine struct {
	Product  int `json:"product"`
	Quantity int `json:"quantity"`
}

func scanCartLine(r *sql.Rows, l *CartLine) error { return r.Scan(&l.Product, &l.Quantity) }

// Cart returns the lines of a user's cart, by product.
func (s *Store) Cart(ctx context.Context, user int) ([]CartLine, error) {
	return s.rows(ctx, scanCartLine,
		`SELECT product_id, quantity FROM cart_lines WHERE user_id = ? ORDER BY product_id`, user)
}

// CartSize returns how many pieces are in a user's cart.
func (s *Store) CartSize(ctx context.Context, user int) (int, error) {
	var n int
	err := s.row(ctx, `SELECT coalesce(sum(quantity), 0) FROM cart_lines WHERE user_id = ?`, []any{user}, &n)
	return n, err
}

// MaxQuantity is the most of one product that a cart holds.
const MaxQuantity = 99

// Put sets how many of a product are in a user's cart; 0 takes it out.
func (s *Store) Put(ctx context.Context, user, product, quantity int) error {
	if quantity < 0 || quantity > MaxQuantity {
		return fmt.Errorf("%d pieces of product %d: want 0 to %d", quantity, product, MaxQuantity)
	}
	if quantity == 0 {
		_, err := s.w.ExecContext(ctx, `DELETE FROM cart_lines WHERE user_id = ? AND product_id = ?`, user, product)
		return err
	}
	if _, err := s.Product(ctx, product); err != nil {
		return err
	}
	_, err := s.w.ExecContext(ctx,
		`INSERT INTO cart_lines (user_id, product_id, quantity) VALUES (?, ?, ?)
		 ON CONFLICT DO UPDATE SET quantity = excluded.quantity`, user, product, quantity)
	return err
}

// Add puts one more of a product into a user's cart.
func (s *Store) Add(ctx context.Context, user, product int) error {
	if _, err := s.Product(ctx, product); err != nil {
		return err
	}
	_, err := s.w.ExecContext(ctx,
		`INSERT INTO cart_lines (user_id, product_id, quantity) VALUES (?, ?, 1)
		 ON CONFLICT DO UPDATE SET quantity = min(quantity + 1, ?)`, user, product, MaxQuantity)
	return err
}
