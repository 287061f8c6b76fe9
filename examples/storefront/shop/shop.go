// Package shop is the storefront: four pages, each made in three ways that
// give the same data, from a database and six services.
//
// A page is one file: its data, then how it is made one call after the other,
// with errgroup level by level, and with asap.
package shop

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

// Mode is how a page is made.
type Mode string

// The modes.
const (
	ASAP       Mode = "asap"       // each call starts when what it needs is there
	Errgroup   Mode = "errgroup"   // level by level
	Sequential Mode = "sequential" // one call after the other
)

// Modes returns all of them, the default first.
func Modes() []Mode { return []Mode{ASAP, Errgroup, Sequential} }

// ParseMode turns a text into a mode; the empty text is the default.
func ParseMode(s string) (Mode, error) {
	if s == "" {
		return ASAP, nil
	}
	if m := Mode(s); slices.Contains(Modes(), m) {
		return m, nil
	}
	return "", fmt.Errorf("mode %q: want one of %v", s, Modes())
}

// Config is what a shop is made of.
type Config struct {
	Store    *store.Store
	Services *services.Cluster

	// Patience is how long a page waits for its optional parts, in every mode.
	Patience time.Duration

	// Options are given to every group of an asap page, after its name.
	Options []asap.Option

	// Engine runs the orders of asap pages; nil is this process.
	Engine Engine
}

// Engine runs the flow of an order.
type Engine interface {
	Run(ctx context.Context, flow *asap.Flow[store.Order, Checkout], o store.Order) (Checkout, error)

	// Address is that of a page about the order's run, or empty.
	Address(o store.Order) string
}

// here runs orders in this process.
type here struct{}

func (here) Run(ctx context.Context, flow *asap.Flow[store.Order, Checkout], o store.Order) (Checkout, error) {
	return flow.Run(ctx, o)
}

func (here) Address(store.Order) string { return "" }

// Shop serves the pages. It is made by [New] and is an [http.Handler].
type Shop struct {
	Config
	handler  http.Handler
	checkout *asap.Flow[store.Order, Checkout]
	orders   singleflight.Group // by order: a double click is one order

	hold func(ctx context.Context, call string) // set by tests: stops calls before they start
}

// New makes a shop. It starts nothing and holds nothing that has to be closed.
func New(cfg Config) *Shop {
	s := &Shop{Config: cfg}
	if s.Engine == nil {
		s.Engine = here{}
	}
	s.checkout = s.defineCheckout().With(s.options("checkout")...)

	mux := http.NewServeMux()
	mux.Handle("GET /{$}", s.page("home", s.home))
	mux.Handle("GET /product/{id}", s.page("product", s.product))
	mux.Handle("GET /cart", s.page("cart", s.cart))
	mux.Handle("POST /checkout", s.page("checkout", s.placeOrder))
	mux.HandleFunc("GET /checkout", s.toCart)
	mux.HandleFunc("POST /cart", s.changeCart)
	mux.HandleFunc("GET /admin/faults", s.showFaults)
	mux.HandleFunc("POST /admin/faults", s.setFault)
	mux.HandleFunc("GET /style.css", s.style)
	mux.Handle("/", s.page("lost", s.lost))
	s.handler = http.NewCrossOriginProtection().Handler(mux)
	return s
}

// Checkout is the flow of an order, for an engine that has to know it before.
func (s *Shop) Checkout() *asap.Flow[store.Order, Checkout] { return s.checkout }

// ServeHTTP answers a request.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Shop) options(page string) []asap.Option {
	return append([]asap.Option{asap.Name(page)}, s.Options...)
}
