package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asapweb"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// Mode is how a page is made.
type Mode string

// The modes.
const (
	ASAP       Mode = "asap"       // each call starts when what it needs is there
	Tail       Mode = "tail"       // the same, and what is slow this once does not hold up the page
	Errgroup   Mode = "errgroup"   // level by level
	Sequential Mode = "sequential" // one call after the other
)

// Modes are all of them, the default first.
var Modes = []Mode{ASAP, Tail, Errgroup, Sequential}

// pick gives that of three ways which the mode says.
func (m Mode) pick[Way any](asap, errgroup, sequential Way) Way {
	switch m {
	case Sequential:
		return sequential
	case Errgroup:
		return errgroup
	}
	return asap
}

// settings are what the flags say about a shop.
type settings struct {
	dir      string        // for the database files
	seed     uint64        // of the catalogue and the latencies
	speed    float64       // multiplies the latencies
	slowBy   time.Duration // how late a slow service is
	timeout  time.Duration // of a call of a service
	Patience time.Duration // with what is optional
	Deadline time.Duration // in mode tail: of what is optional, from the start of the page
	unread   time.Duration // how long a visitor may read nothing of a page that is written to him
	faults   string        // from the start, as ads=down,currency=slow
	predicts bool          // the demo says what mode asap tells of mode tail
	together float64       // correlation of the latencies of a call and its second one
	share    float64       // in mode tail: of the calls, those that may be made twice
	server   string        // address of the Temporal server that runs orders; empty: they run here
	options  []asap.Option // of the groups of the pages
	stats    *waterfall.Stats
}

// Flow is that of an order.
type Flow = flow.Flow[store.Order, Checkout]

// Shop serves the pages, from a database and six services. Only Close ends it.
type Shop struct {
	settings
	Store    *store.Store
	Services *services.Cluster
	flow     *Flow
	tailFlow *Flow              // the same in mode tail
	hedger   *tail.Hedger       // in mode tail: of calls that may be made twice
	temporal *durable           // nil: orders run here
	orders   singleflight.Group // by order: a double click is one order

	asked, again atomic.Int64 // calls of services for pages, and second ones

	hold func(ctx context.Context, call string) // set by tests: stops calls before they start
}

// Open opens the files of a shop and starts its services.
func Open(ctx context.Context, cfg settings) (*Shop, error) {
	cfg.share = cmp.Or(cfg.share, .02)
	s := &Shop{settings: cfg, hedger: tail.Hedge(tail.At(.95), tail.After(cfg.Deadline*2/3), tail.Share(cfg.share))}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Shop) open(ctx context.Context) (err error) {
	if s.stats != nil {
		s.options = append(slices.Clip(s.options), asap.Observe(s.stats))
	}
	if s.Store, err = store.Open(s.dir, s.seed); err != nil {
		return err
	}
	s.Services, err = services.Start(services.Config{Dir: s.dir, Products: s.Store.Products,
		Seed: s.seed, Speed: s.speed, SlowBy: s.slowBy, Correlation: s.together, Patience: s.timeout})
	if err != nil {
		return err
	}
	for service := range strings.SplitSeq(s.faults, ",") {
		name, fault, _ := strings.Cut(strings.TrimSpace(service), "=")
		if name == "" {
			continue
		}
		if err := s.Services.Break(name, services.Fault(fault)); err != nil {
			return fmt.Errorf("faults: %w", err)
		}
	}
	s.flow = s.checkoutFlow(asis, asis)
	s.tailFlow = s.checkoutFlow(s.hedger, asap.Within(mailDeadline*s.Deadline))
	if s.server != "" {
		s.temporal, err = dial(ctx, s.server, s.flow)
	}
	return err
}

// Close closes what Open opened.
func (s *Shop) Close() error {
	var errs []error
	if s.temporal != nil { // before the services: an order must not fail because they close
		s.temporal.close()
	}
	if s.Services != nil {
		errs = append(errs, s.Services.Close())
	}
	if s.Store != nil {
		errs = append(errs, s.Store.Close())
	}
	return errors.Join(errs...)
}

// Handler answers for the shop, and for /debug/asap/ if there are stats.
func (s *Shop) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", s.page("home", (*visit).home))
	mux.Handle("GET /product/{id}", s.page("product", (*visit).product))
	mux.Handle("GET /cart", s.page("cart", (*visit).cart))
	mux.Handle("POST /checkout", s.page("checkout", (*visit).checkout))
	mux.Handle("GET /checkout", s.form((*visit).toCart))
	mux.Handle("POST /cart", s.form((*visit).changeCart))
	mux.Handle("POST /admin/faults", s.form((*visit).setFault))
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "templates/style.css")
	})
	if s.stats != nil {
		mux.Handle("/debug/asap/", asapweb.Handler(s.stats, asapweb.Tail(s.hedger)))
	}
	mux.Handle("/", s.page("lost", (*visit).lost))
	return http.NewCrossOriginProtection().Handler(mux)
}

func (s *Shop) named(page string) []asap.Option {
	return append([]asap.Option{asap.Name(page)}, s.options...)
}
