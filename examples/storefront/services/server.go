package services

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap/examples/storefront/graphs"
)

// server is one service: its handler behind its latency and its fault.
type server struct {
	handler http.Handler
	latency latency
	fault   atomic.Value // Fault
	url     string
	http    *http.Server
	served  chan struct{} // closed when Serve has returned
}

func listen(name string, h http.Handler, l latency) (*server, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{handler: h, latency: l, url: "http://" + ln.Addr().String(), served: make(chan struct{})}
	s.fault.Store(None)
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
	go func() { // close waits for it
		defer close(s.served)
		if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			panic(name + " service: " + err.Error())
		}
	}()
	return s, nil
}

func (s *server) close() {
	s.http.Close()
	<-s.served
}

// ServeHTTP does the work first and is late with the answer afterwards, so
// that a client which gives up cannot know whether the work was done. That is
// how real services are slow.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := s.fault.Load().(Fault)
	if fault == Down {
		panic(http.ErrAbortHandler) // hangs up without a word, here or in the log
	}
	a := &answer{header: make(http.Header), code: http.StatusOK}
	s.handler.ServeHTTP(a, r)
	if !sleep(r.Context(), s.latency.of(r, fault)) {
		return
	}
	if fault == Garbage {
		a.spoil(s.latency.hash(r))
	}
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.code)
	w.Write(a.body.Bytes())
}

// answer is a response that is held back.
type answer struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(code int)        { a.code = code }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// spoil turns the answer into one of the kinds of nonsense that services
// really send with status 200.
func (a *answer) spoil(kind uint64) {
	whole := a.body.String()
	a.code = http.StatusOK
	a.body.Reset()
	switch kind % 4 {
	case 0:
		a.body.WriteString("<!doctype html><title>It works!</title><script>alert('garbage')</script>")
	case 1:
		a.body.WriteString(whole[:len(whole)/2])
	case 2:
		a.body.WriteString(`{"detail": "upstream connect error"}`)
	case 3:
		a.body.WriteString("null")
	}
}

// latency draws how long a service takes: a function of the seed, the page
// request and the call, so that a request that is made again, in another mode
// or by another program, meets the same latencies.
type latency struct {
	model  *graphs.File
	class  string
	seed   uint64
	speed  float64
	slowBy time.Duration
}

func (l latency) of(r *http.Request, f Fault) time.Duration {
	d := l.model.Latency(l.class, rand.New(rand.NewPCG(l.seed, l.hash(r))))
	d = time.Duration(l.speed * float64(d))
	if f == Slow {
		d += l.slowBy
	}
	return d
}

func (l latency) hash(r *http.Request) uint64 {
	h := fnv.New64a()
	for _, s := range []string{r.Header.Get(requestHeader), r.Header.Get(callHeader), r.Method, r.URL.RequestURI()} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return h.Sum64()
}

// sleep waits and says whether it did so to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// take reads the body of a request, and answers the request if it cannot.
func take(w http.ResponseWriter, r *http.Request, v any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(v); err != nil {
		http.Error(w, "body: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}
