// Package services holds what a shop calls over the network: currency,
// shipping, recommendations, ads, payment and mail. Each is an HTTP server of
// its own on a loopback port, answers after a latency drawn from the request
// graphs' model, and can be made to fail. Beside each server is its client.
package services

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/asap-go/asap/examples/storefront/graphs"
)

// Config says what the services know and how they answer.
type Config struct {
	Dir      string        // for the ledger of payment
	Together map[int][]int // products that were bought together, for recommendations
	Featured []Featured    // products that ads are for
	Seed     uint64        // of the latencies: same seed, request and call, same latency
	Speed    float64       // the latencies of the model are multiplied with it; 0: none
	SlowBy   time.Duration // how late a slow service is
	Patience time.Duration // how long a client waits for an answer
}

// classes are the services and the class of their latency.
var classes = map[string]string{
	"currency":        "svc",
	"shipping":        "svc",
	"recommendations": "slow",
	"ads":             "slow",
	"payment":         "slow",
	"mail":            "slow",
}

// Names returns the names of the services, in alphabetic order.
func Names() []string { return slices.Sorted(maps.Keys(classes)) }

// Class returns the latency class of a service.
func Class(service string) string { return classes[service] }

// Cluster is all services, running.
type Cluster struct {
	Currency        Currency
	Shipping        Shipping
	Recommendations Recommendations
	Ads             Ads
	Payment         Payment
	Mail            Mail

	servers map[string]*server
	ledger  *Ledger
	client  *http.Client
}

// Start starts every service on a loopback port that the system picks.
// [Cluster.Close] ends them.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	model, err := graphs.Load()
	if err != nil {
		return nil, err
	}
	ledger, err := OpenLedger(ctx, cfg.Dir)
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		servers: make(map[string]*server),
		ledger:  ledger,
		client: &http.Client{Transport: &http.Transport{
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     30 * time.Second,
		}},
	}
	for name, h := range map[string]http.Handler{
		"currency":        currencyHandler(),
		"shipping":        shippingHandler(),
		"recommendations": recommendationsHandler(cfg.Together),
		"ads":             adsHandler(cfg.Featured),
		"payment":         paymentHandler(ledger),
		"mail":            mailHandler(),
	} {
		s, err := listen(name, h, latency{model, classes[name], cfg.Seed, cfg.Speed, cfg.SlowBy})
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("%s service: %w", name, err)
		}
		c.servers[name] = s
	}
	for name, to := range map[string]*client{
		"currency":        &c.Currency.client,
		"shipping":        &c.Shipping.client,
		"recommendations": &c.Recommendations.client,
		"ads":             &c.Ads.client,
		"payment":         &c.Payment.client,
		"mail":            &c.Mail.client,
	} {
		*to = client{name, c.servers[name].url, c.client, cfg.Patience}
	}
	return c, nil
}

// Close ends the services and returns when nothing of them runs any more.
func (c *Cluster) Close() error {
	c.client.CloseIdleConnections()
	for _, s := range c.servers {
		s.close()
	}
	return c.ledger.Close()
}

// URL returns where a service listens, "" for one that there is not.
func (c *Cluster) URL(service string) string {
	if s := c.servers[service]; s != nil {
		return s.url
	}
	return ""
}

// Ledger returns what payment has charged.
func (c *Cluster) Ledger() *Ledger { return c.ledger }

// Break sets what is wrong with a service, [None] to repair it. It holds for
// the requests that arrive afterwards.
func (c *Cluster) Break(service string, f Fault) error {
	s := c.servers[service]
	if s == nil {
		return fmt.Errorf("service %q: want one of %v", service, Names())
	}
	if !slices.Contains(Faults(), f) {
		return fmt.Errorf("fault %q: want one of %v", f, Faults())
	}
	s.fault.Store(f)
	return nil
}

// Fault returns what is wrong with a service.
func (c *Cluster) Fault(service string) Fault {
	if s := c.servers[service]; s != nil {
		return s.fault.Load().(Fault)
	}
	return None
}
