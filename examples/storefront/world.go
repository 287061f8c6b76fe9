package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asapweb"
	"github.com/asap-go/asap/examples/storefront/durable"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/shop"
	"github.com/asap-go/asap/examples/storefront/store"
	"github.com/asap-go/asap/waterfall"
)

// settings are what the flags say about a world.
type settings struct {
	dir      string // for the database files
	addr     string // of the shop
	seed     uint64
	speed    float64
	timeout  time.Duration // of a call of a service
	patience time.Duration // with what is optional
	faults   map[string]services.Fault
	options  []asap.Option    // for the groups of the pages
	stats    *waterfall.Stats // sees those groups, for /debug/asap/; nil: there is none
	temporal bool             // orders are workflows
	server   string           // program of the Temporal server; empty: one that is built
	say      io.Writer        // for the Temporal server
}

// world is a shop with all that it needs, running: two database files, six
// services, and the shop's own server.
type world struct {
	store    *store.Store
	services *services.Cluster
	config   shop.Config
	stats    *waterfall.Stats
	engine   *durable.Engine // nil without Temporal
	url      string

	server *http.Server
	served chan error // what Serve returned
}

// start starts a world. Its close ends it.
func start(ctx context.Context, cfg settings) (*world, error) {
	w := new(world)
	if err := w.open(ctx, cfg); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *world) open(ctx context.Context, cfg settings) (err error) {
	if w.store, err = store.Open(ctx, filepath.Join(cfg.dir, "shop.db"), cfg.seed); err != nil {
		return err
	}
	together, err := w.store.BoughtTogether(ctx)
	if err != nil {
		return err
	}
	catalogue, err := w.store.Page(ctx, 0, 60)
	if err != nil {
		return err
	}
	var featured []services.Featured
	for _, p := range catalogue {
		featured = append(featured, services.Featured{Product: p.ID, Name: p.Name, Category: p.Category})
	}
	w.services, err = services.Start(ctx, services.Config{
		Dir:      cfg.dir,
		Together: together,
		Featured: featured,
		Seed:     cfg.seed,
		Speed:    cfg.speed,
		SlowBy:   5 * time.Second,
		Patience: cfg.timeout,
	})
	if err != nil {
		return err
	}
	for service, f := range cfg.faults {
		if err := w.services.Break(service, f); err != nil {
			return err
		}
	}
	w.config = shop.Config{Store: w.store, Services: w.services, Patience: cfg.patience, Options: cfg.options}
	if w.stats = cfg.stats; w.stats != nil {
		w.config.Options = append(slices.Clip(cfg.options), asap.Observe(w.stats))
	}
	if cfg.temporal {
		if w.engine, err = durable.Open(ctx, cfg.server, cfg.dir, cfg.say); err != nil {
			return err
		}
		w.config.Engine = w.engine
	}
	return w.listen(cfg.addr)
}

// listen serves the shop, and to its owner the page about its groups.
func (w *world) listen(addr string) error {
	s := shop.New(w.config)
	if w.engine != nil {
		if err := w.engine.Serve(s.Checkout()); err != nil {
			return err
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/", s)
	if w.stats != nil {
		mux.Handle("/debug/asap/", asapweb.Handler(w.stats))
	}

	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	w.url = "http://" + ln.Addr().String()
	w.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	w.served = make(chan error, 1)
	go func() { w.served <- w.server.Serve(ln) }() // close waits for it
	return nil
}

// ended is closed when the Temporal server has ended; nil if there is none.
func (w *world) ended() <-chan struct{} {
	if w.engine == nil {
		return nil
	}
	return w.engine.Ended()
}

// close ends the world: pages that are being made get five seconds.
func (w *world) close() error {
	var errs []error
	if w.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		errs = append(errs, w.server.Shutdown(ctx))
		if err := <-w.served; !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, fmt.Errorf("shop: %w", err))
		}
	}
	if w.engine != nil { // before the services: an order must not fail because they close
		w.engine.Close()
	}
	if w.services != nil {
		errs = append(errs, w.services.Close())
	}
	if w.store != nil {
		errs = append(errs, w.store.Close())
	}
	return errors.Join(errs...)
}
