package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/asap-go/asap/examples/storefront/money"
)

// ErrEmptyCart is the error of an order for nothing.
var ErrEmptyCart = errors.New("the cart is empty")

// Order is a wish to buy what is in a cart. Its ID is made with the form that
// asks for the order, so that a form sent twice is one order.
type Order struct {
	ID       string `json:"id"`
	User     User   `json:"user"`
	Currency string `json:"currency"`
}

// Line is a product in a cart or an order, and the price of all its pieces in
// the visitor's currency.
type Line struct {
	Product  Product     `json:"product"`
	Quantity int         `json:"quantity"`
	Price    money.Money `json:"price"`
}

// Receipt is an order that went through, step by step: paid, shipped, mailed.
type Receipt struct {
	Order    Order       `json:"order"`
	Lines    []Line      `json:"lines"`
	Shipping money.Money `json:"shipping"`
	Total    money.Money `json:"total"`
	Payment  string      `json:"payment"`
	Tracking string      `json:"tracking"`
	Mail     string      `json:"mail"` // empty while the confirmation is not out
}

// Claim opens an order with a copy of its user's cart and returns the lines.
// The second claim of an order returns the lines of the first: whatever
// happened in between, an order is always for the same things.
func (s *Store) Claim(ctx context.Context, o Order) ([]CartLine, error) {
	var lines []CartLine
	err := s.write(ctx, func(tx *sql.Tx) error {
		var user int
		var currency string
		err := tx.QueryRowContext(ctx, `SELECT user_id, currency FROM orders WHERE id = ?`, o.ID).Scan(&user, &currency)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			if err := openOrder(ctx, tx, o); err != nil {
				return err
			}
		case err != nil:
			return err
		case user != o.User.ID || currency != o.Currency:
			return fmt.Errorf("order %s is of user %d in %s, not of user %d in %s", o.ID, user, currency, o.User.ID, o.Currency)
		}
		rs, err := tx.QueryContext(ctx, `SELECT product_id, quantity FROM order_lines WHERE order_id = ? ORDER BY product_id`, o.ID)
		if err != nil {
			return err
		}
		defer rs.Close()
		for rs.Next() {
			var l CartLine
			if err := scanCartLine(rs, &l); err != nil {
				return err
			}
			lines = append(lines, l)
		}
		return rs.Err()
	})
	return lines, err
}

func openOrder(ctx context.Context, tx *sql.Tx, o Order) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO orders (id, user_id, currency) VALUES (?, ?, ?)`, o.ID, o.User.ID, o.Currency); err != nil {
		return err
	}
	r, err := tx.ExecContext(ctx,
		`INSERT INTO order_lines (order_id, product_id, quantity)
		 SELECT ?, product_id, quantity FROM cart_lines WHERE user_id = ?`, o.ID, o.User.ID)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return ErrEmptyCart
}

// CloseOrder stores what became of an order and takes its lines out of the user's
// cart, in one transaction. Closing it again changes nothing.
func (s *Store) CloseOrder(ctx context.Context, r Receipt) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx,
			`UPDATE orders SET done = 1, shipping_minor = ?, total_minor = ?, payment = ?, tracking = ? WHERE id = ? AND NOT done`,
			r.Shipping.Minor, r.Total.Minor, r.Payment, r.Tracking, r.Order.ID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		for _, l := range r.Lines {
			if _, err := tx.ExecContext(ctx, `UPDATE order_lines SET price_minor = ? WHERE order_id = ? AND product_id = ?`,
				l.Price.Minor, r.Order.ID, l.Product.ID); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx,
			`DELETE FROM cart_lines WHERE user_id = ? AND product_id IN (SELECT product_id FROM order_lines WHERE order_id = ?)`,
			r.Order.User.ID, r.Order.ID)
		return err
	})
}

// Mailed notes the confirmation that was sent for an order.
func (s *Store) Mailed(ctx context.Context, order, mail string) error {
	_, err := s.w.ExecContext(ctx, `UPDATE orders SET mail = ? WHERE id = ?`, mail, order)
	return err
}

// Receipt returns the receipt of an order that is closed, or [ErrNotFound].
func (s *Store) Receipt(ctx context.Context, order string) (Receipt, error) {
	r := Receipt{Order: Order{ID: order}}
	err := s.row(ctx,
		`SELECT u.id, u.name, u.email, u.address, o.currency, o.shipping_minor, o.total_minor, o.payment, o.tracking, o.mail
		 FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id = ? AND o.done`, []any{order}, &r.Order.User.ID, &r.Order.User.Name, &r.Order.User.Email, &r.Order.User.Address,
		&r.Order.Currency, &r.Shipping.Minor, &r.Total.Minor, &r.Payment, &r.Tracking, &r.Mail)
	if err != nil {
		return Receipt{}, notFound(err, "order", order)
	}
	currency := r.Order.Currency
	r.Shipping.Currency, r.Total.Currency = currency, currency
	r.Lines, err = s.rows(ctx, func(rs *sql.Rows, l *Line) error {
		p := &l.Product
		p.List.Currency, l.Price.Currency = ListCurrency, currency
		return rs.Scan(&p.ID, &p.Name, &p.Category, &p.Finish, &p.Description, &p.List.Minor, &l.Quantity, &l.Price.Minor)
	}, `SELECT `+productColumns+`, l.quantity, l.price_minor
	    FROM order_lines l JOIN products p ON p.id = l.product_id WHERE l.order_id = ? ORDER BY p.id`, order)
	return r, err
}
