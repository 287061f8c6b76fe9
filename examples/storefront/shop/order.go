package shop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/store"
)

// orderID is what a form may call its order.
var orderID = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)

// orderTime bounds an order, which goes on when its visitor leaves.
const orderTime = 30 * time.Second

// placeOrder makes the checkout page. The form names its order, so sending it
// twice, at once or later, places one order and gives the same receipt: at
// once because the second request joins the first, later because the receipt
// is there, and after a failure because no step does its work twice.
func (s *Shop) placeOrder(ctx context.Context, v *visit) (Checkout, error) {
	o := store.Order{ID: v.request.PostFormValue("order"), User: v.user, Currency: v.currency}
	if !orderID.MatchString(o.ID) {
		return Checkout{}, badRequest(fmt.Errorf("order %q: want the name that the form gave it", o.ID))
	}
	key := fmt.Sprint(o.ID, " ", o.User.ID, " ", o.Currency)
	c, err, _ := s.orders.Do(key, func() (any, error) {
		// An order that was begun is finished, whoever stops waiting for it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), orderTime)
		defer cancel()
		if c, err := s.placed(ctx, o); !errors.Is(err, store.ErrNotFound) {
			return c, err
		}
		switch v.mode {
		case Sequential:
			return s.checkoutSequential(ctx, o)
		case Errgroup:
			return s.checkoutErrgroup(ctx, o)
		default:
			return s.Engine.Run(ctx, s.checkout, o)
		}
	})
	if err != nil {
		return Checkout{}, err
	}
	return c.(Checkout), nil
}

// placed finds an order that has gone through before.
func (s *Shop) placed(ctx context.Context, o store.Order) (Checkout, error) {
	r, err := s.Store.Receipt(ctx, o.ID)
	if err != nil {
		return Checkout{}, err
	}
	if r.Order.User.ID != o.User.ID {
		return Checkout{}, badRequest(fmt.Errorf("order %s is another customer's", o.ID))
	}
	c := Checkout{Receipt: r, Repeated: true}
	if r.Mail == "" {
		c.Missing = missing("mail", errors.New("the confirmation did not go out with the order"))
	}
	return c, nil
}

// The steps of an order.

func (s *Shop) claim(ctx context.Context, o store.Order) ([]want, error) {
	return call(ctx, "cart", func(ctx context.Context) ([]want, error) {
		lines, err := s.Store.Claim(ctx, o)
		return wants(lines, o.Currency), err
	})
}

func (s *Shop) shippingPrice(ctx context.Context, o store.Order, quote money.Money) (money.Money, error) {
	return s.convert(ctx, "shippingPrice", quote, o.Currency)
}

func (s *Shop) charge(ctx context.Context, o store.Order, lines []store.Line, shipping money.Money) (store.Receipt, error) {
	sum, err := total(lines, shipping)
	if err != nil {
		return store.Receipt{}, err
	}
	payment, err := call(ctx, "charge", func(ctx context.Context) (string, error) {
		return s.Services.Payment.Charge(ctx, o.ID, sum)
	})
	return store.Receipt{Order: o, Lines: lines, Shipping: shipping, Total: sum, Payment: payment}, err
}

func (s *Shop) ship(ctx context.Context, r store.Receipt) (store.Receipt, error) {
	var err error
	r.Tracking, err = call(ctx, "ship", func(ctx context.Context) (string, error) {
		return s.Services.Shipping.Ship(ctx, r.Order.ID, r.Order.User.Address)
	})
	return r, err
}

func (s *Shop) closeOrder(ctx context.Context, r store.Receipt) (store.Receipt, error) {
	return call(ctx, "emptyCart", func(ctx context.Context) (store.Receipt, error) {
		return r, s.Store.CloseOrder(ctx, r)
	})
}

// mail confirms the order, and notes that it did.
func (s *Shop) mail(ctx context.Context, r store.Receipt) (string, error) {
	return call(ctx, "confirmationMail", func(ctx context.Context) (string, error) {
		id, err := s.Services.Mail.Confirm(ctx, r.Order.User.Email, r.Order.ID)
		if err != nil {
			return "", err
		}
		return id, s.Store.Mailed(ctx, r.Order.ID, id)
	})
}

func (s *Shop) receipt(_ context.Context, r store.Receipt, mail asap.Result[string]) (Checkout, error) {
	r.Mail = mail.Value
	return Checkout{Receipt: r, Missing: missing("mail", mail.Err)}, nil
}

// toCart answers someone who opens the address of the checkout.
func (s *Shop) toCart(w http.ResponseWriter, r *http.Request) {
	v, err := s.enter(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	http.Redirect(w, r, v.link("/cart"), http.StatusSeeOther)
}

// changeCart adds a product to the cart, or sets its quantity if that is given.
func (s *Shop) changeCart(w http.ResponseWriter, r *http.Request) {
	v, err := s.enter(r)
	if err == nil {
		err = v.changeCart(r.Context())
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	http.Redirect(w, r, v.link("/cart"), http.StatusSeeOther)
}

func (v *visit) changeCart(ctx context.Context) error {
	text := v.request.PostFormValue("product")
	product, err := strconv.Atoi(text)
	if err != nil {
		return badRequest(fmt.Errorf("product %q: want a number", text))
	}
	text = v.request.PostFormValue("quantity")
	if text == "" {
		return v.Store.Add(ctx, v.user.ID, product)
	}
	quantity, err := strconv.Atoi(text)
	if err != nil || quantity < 0 || quantity > store.MaxQuantity {
		return badRequest(fmt.Errorf("quantity %q: want 0 to %d", text, store.MaxQuantity))
	}
	return v.Store.Put(ctx, v.user.ID, product, quantity)
}
