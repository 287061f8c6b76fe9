// Package services holds what a shop calls over the network: currency,
// shipping, recommendations, ads, payment and mail. Each is an HTTP server of
// its own on a loopback port, answers after a latency drawn from a log-normal
// model, and can be made to fail.
package services

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap/examples/storefront/store"
)

// Fault is what is wrong with a service.
type Fault string

// The faults.
const (
	None    Fault = "ok"
	Down    Fault = "down"    // hangs up on everybody
	Slow    Fault = "slow"    // answers, but seconds late, or when it is repaired
	Garbage Fault = "garbage" // does its work and answers nonsense
)

// Faults are all of them, and Names all services, in the order of the panel.
var (
	Faults = []Fault{None, Down, Slow, Garbage}
	Names  = []string{"ads", "currency", "mail", "payment", "recommendations", "shipping"}
)

// Config says what the services know and how they answer.
type Config struct {
	Dir      string          // for the ledger of payment
	Products []store.Product // for ads and recommendations
	Seed     uint64          // of the latencies: same seed, request and call, same latency
	Speed    float64         // the latencies of the model are multiplied with it; 0: none
	SlowBy   time.Duration   // how late a slow service is
	Patience time.Duration   // how long a caller waits for an answer

	// Correlation is that of the logarithms of a call's latency and of its second one's:
	// 0 if each is slow for reasons of its own, 1 if both are slow for the same.
	Correlation float64
}

// Cluster is all services, running. Its methods may be called at the same time.
type Cluster struct {
	Config
	Ledger *Ledger // what payment has charged

	services map[string]*service
	client   *http.Client
}

// Start starts every service on a loopback port that the system picks.
// [Cluster.Close] ends them.
func Start(cfg Config) (*Cluster, error) {
	ledger, err := store.OpenTable[string, Entry](filepath.Join(cfg.Dir, "payment.jsonl"))
	if err != nil {
		return nil, err
	}
	const quick, slow = 10 * time.Millisecond, 40 * time.Millisecond
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second}}
	c := &Cluster{Config: cfg, Ledger: ledger, client: client}
	c.services = map[string]*service{
		"ads":             {median: slow, calls: calls{"/pick": from(c.ad)}},
		"currency":        {median: quick, calls: calls{"/list": from(currencies), "/convert": from(convert)}},
		"mail":            {median: slow, calls: calls{"/confirm": from(confirm)}},
		"payment":         {median: slow, calls: calls{"/charge": from(c.charge)}},
		"recommendations": {median: slow, calls: calls{"/find": from(c.recommend)}},
		"shipping":        {median: quick, calls: calls{"/quote": from(quote), "/ship": from(ship)}},
	}
	for _, s := range c.services {
		s.Config = cfg
		s.state.Store(&state{fault: None})
		s.Server = httptest.NewServer(s)
	}
	return c, nil
}

// Close ends the services and returns when nothing of them runs any more.
func (c *Cluster) Close() error {
	c.client.CloseIdleConnections()
	for _, s := range c.services {
		s.CloseClientConnections()
		s.Server.Close()
	}
	return c.Ledger.Close()
}

// URL returns where a service listens.
func (c *Cluster) URL(name string) string { return c.services[name].Server.URL }

// Fault returns what is wrong with a service.
func (c *Cluster) Fault(name string) Fault { return c.services[name].state.Load().fault }

// Break sets what is wrong with a service, [None] to repair it. It holds for
// the requests that arrive afterwards, and those that a slow service holds are answered.
func (c *Cluster) Break(name string, f Fault) error {
	switch {
	case !slices.Contains(Names, name):
		return fmt.Errorf("service %q: want one of %v", name, Names)
	case !slices.Contains(Faults, f):
		return fmt.Errorf("fault %q: want one of %v", f, Faults)
	}
	if old := c.services[name].state.Swap(&state{f, make(chan struct{})}); old.over != nil {
		close(old.over)
	}
	return nil
}

// service answers calls, behind its latency and its fault.
type service struct {
	*httptest.Server
	Config
	median time.Duration // of the latency
	calls  calls
	state  atomic.Pointer[state]
}

// state is what is wrong with a service until over is closed.
type state struct {
	fault Fault
	over  chan struct{}
}

// calls do the work of each path, given the request and its body.
type calls map[string]func(r *http.Request, body []byte) (any, error)

// from makes a call of a function of values that travel as JSON.
func from[In, Out any](work func(*http.Request, In) (Out, error)) func(*http.Request, []byte) (any, error) {
	return func(r *http.Request, body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, err
		}
		return work(r, in)
	}
}

// ServeHTTP does the work first and is late with the answer afterwards, so
// that a caller who gives up cannot know whether the work was done. That is
// how real services are slow.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	state := s.state.Load()
	fault := state.fault
	if fault == Down {
		panic(http.ErrAbortHandler) // hangs up without a word, here or in the log
	}
	work := s.calls[r.URL.Path]
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if work == nil || err != nil {
		http.Error(w, "cannot be answered", http.StatusBadRequest)
		return
	}
	answer, err := work(r, body)
	late := s.latency(r, body)
	var repaired chan struct{}
	if fault == Slow {
		late, repaired = late+s.SlowBy, state.over
	}
	select {
	case <-time.After(late):
	case <-repaired:
	case <-r.Context().Done():
		return
	}
	switch {
	case fault == Garbage:
		io.WriteString(w, "<!doctype html><title>It works!</title><script>alert('garbage')</script>")
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		json.NewEncoder(w).Encode(answer)
	}
}

// deviation is that of the logarithm of a latency, whose 99th percentile is 8
// times its median; 2.326… is that percentile of the standard normal distribution.
var deviation = math.Log(8) / 2.3263478740408408

// latency draws how long the service takes, from the log-normal distribution.
// It is a function of the seed, the page request, the call and how often that was made
// before, so a request that is made in another mode or by another program meets the same.
func (s *service) latency(r *http.Request, body []byte) time.Duration {
	h := fnv.New64a()
	for _, part := range []string{r.Header.Get(requestHeader), r.Header.Get(callHeader), r.URL.Path, string(body)} {
		io.WriteString(h, part+"\x00")
	}
	same := rand.New(rand.NewPCG(s.Seed, h.Sum64())).NormFloat64()
	io.WriteString(h, cmp.Or(r.Header.Get(beforeHeader), "0"))
	own := rand.New(rand.NewPCG(s.Seed, h.Sum64())).NormFloat64()
	normal := math.Sqrt(s.Correlation)*same + math.Sqrt(1-s.Correlation)*own
	return time.Duration(s.Speed * float64(s.median) * math.Exp(deviation*normal))
}
