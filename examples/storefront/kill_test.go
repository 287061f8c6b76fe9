package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/examples/storefront/durable"
	"github.com/asap-go/asap/examples/storefront/internal/sqlite"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/shop"
	"github.com/asap-go/asap/examples/storefront/store"
)

// The test's program is also the shop, so that it can be killed.
func TestMain(m *testing.M) {
	if os.Getenv("STOREFRONT_AS_PROGRAM") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// A shop that is killed in the middle of an order finishes it after it was
// started again, whether or not somebody asks, and the order is charged once.
func TestKilledShop(t *testing.T) {
	if os.Getenv("ASAP_SERVERS") == "" {
		t.Skip("needs a Temporal server built from source: make test-servers")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if end, ok := t.Deadline(); ok {
		ctx, cancel = context.WithDeadline(ctx, end.Add(-2*time.Minute))
		defer cancel()
	}
	server, err := durable.Build(ctx, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	b := openBooks(t, dir)
	for user, tt := range []struct {
		name     string
		args     []string // of the shop that is killed
		reached  func(order string) bool
		after    time.Duration // at most, and then it is killed
		askAgain bool          // before it is finished
		why      string
	}{
		{"quoting", []string{"-faults", "shipping=slow"}, b.claimed, 0, false, "nothing is paid"},
		{"paying", []string{"-faults", "payment=slow"}, b.charged, 0, false, "payment has charged, and nobody knows"},
		{"paying, asked again", []string{"-faults", "payment=slow"}, b.charged, time.Second, true, "the second request joins the order"},
		{"mailing", []string{"-faults", "mail=slow"}, b.closed, 0, false, "the receipt is there, the order not at its end"},
		{"anywhere", []string{"-latency", "8"}, nil, 1500 * time.Millisecond, false, "between any two instants"},
		{"anywhere, asked again", []string{"-latency", "8"}, nil, 1500 * time.Millisecond, true, "and from any state"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			order, user := fmt.Sprintf("killed-%04d", user), 1+user
			p := startProgram(t, server, dir, tt.args...)
			answered := make(chan error, 1)
			go func() { // received from below
				_, err := place(ctx, p.shop, order, user)
				answered <- err
			}()
			if tt.reached != nil {
				poll(t, tt.why, func() bool { return tt.reached(order) })
			} else {
				poll(t, "the order is there", func() bool { return b.claimed(order) })
			}
			after := time.Duration(0)
			if tt.after > 0 {
				after = rand.N(tt.after)
			}
			time.Sleep(after) // in the child's time, which no bubble has
			p.kill()
			if err := <-answered; tt.reached != nil && err == nil {
				t.Error("the customer had his answer before the shop was killed")
			}
			t.Logf("killed %v later, charged: %v, closed: %v", after, b.charged(order), b.closed(order))
			poll(t, "the server has ended with the shop", func() bool {
				c, err := net.Dial("tcp", strings.TrimPrefix(p.ui, "http://"))
				if err == nil {
					c.Close()
				}
				return err != nil
			})

			again := time.Now()
			p = startProgram(t, server, dir, "-latency", "0")
			t.Logf("open again after %v", time.Since(again).Round(time.Millisecond))
			if tt.askAgain {
				if c, err := place(ctx, p.shop, order, user); err != nil || c.Payment == "" {
					t.Errorf("asked again: payment %q, %v; want the order placed", c.Payment, err)
				}
			}
			poll(t, "the order is finished", func() bool {
				r, err := b.store.Receipt(ctx, order)
				return err == nil && r.Mail != ""
			})
			t.Logf("finished %v after the shop was started again", time.Since(again).Round(time.Millisecond))

			c, err := place(ctx, p.shop, order, user)
			if err != nil || !c.Repeated || len(c.Lines) == 0 || c.Tracking == "" {
				t.Errorf("asked once more: %+v, %v; want the whole receipt of before", c, err)
			}
			if e := b.entries(order); len(e) != 1 || e[0].Payment != c.Payment || e[0].Amount != c.Total {
				t.Errorf("ledger %+v, want one charge %s of %v", e, c.Payment, c.Total)
			}
			if n, err := b.store.CartSize(ctx, user); n != 0 || err != nil {
				t.Errorf("cart has %d pieces, %v; want none", n, err)
			}
			p.kill()
		})
	}
}

// program is a shop in a process of its own.
type program struct {
	cmd      *exec.Cmd
	shop, ui string // where they are
}

func startProgram(t *testing.T, server, dir string, args ...string) *program {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"-serve", "-temporal", "-server", server, "-addr", "127.0.0.1:0", "-dir", dir, "-timeout", "1m"}, args...)...)
	cmd.Env = append(os.Environ(), "STOREFRONT_AS_PROGRAM=1")
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &program{cmd: cmd}
	t.Cleanup(p.kill)
	address := regexp.MustCompile(`http://[\d.:]+`)
	for s := bufio.NewScanner(out); p.ui == "" && s.Scan(); {
		switch line := s.Text(); {
		case strings.HasPrefix(line, "The shop is open"):
			p.shop = address.FindString(line)
		case strings.HasPrefix(line, "Its orders are workflows"):
			p.ui = address.FindString(line)
		}
	}
	if p.ui == "" {
		p.kill()
		t.Fatalf("the shop did not open: %s", log.String())
	}
	return p
}

// kill ends the shop as a power cut would, and does nothing the second time.
func (p *program) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// place sends the form of an order.
func place(ctx context.Context, shopURL, order string, user int) (shop.Checkout, error) {
	var c shop.Checkout
	form := url.Values{"format": {"json"}, "order": {order}, "user": {fmt.Sprint(user)}}
	r, err := http.NewRequestWithContext(ctx, "POST", shopURL+"/checkout", strings.NewReader(form.Encode()))
	if err != nil {
		return c, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return c, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return c, errors.New(res.Status)
	}
	return c, json.NewDecoder(res.Body).Decode(&c)
}

// poll waits until something is so, in the time of other processes.
func poll(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after a minute it is not so that %s", what)
		}
	}
}

// books are the files of a shop, as somebody sees them who is not the shop.
type books struct {
	*testing.T
	store  *store.Store
	ledger *services.Ledger
	db     *sql.DB
}

func openBooks(t *testing.T, dir string) *books {
	t.Helper()
	b := &books{T: t}
	var err error
	if b.store, err = store.Open(t.Context(), filepath.Join(dir, "shop.db"), 1); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.store.Close() })
	if b.ledger, err = services.OpenLedger(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.ledger.Close() })
	if b.db, err = sqlite.Open(filepath.Join(dir, "shop.db"), 1); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.db.Close() })
	return b
}

func (b *books) claimed(order string) bool {
	var n int
	if err := b.db.QueryRow(`SELECT count(*) FROM orders WHERE id = ?`, order).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n > 0
}

func (b *books) entries(order string) (found []services.Entry) {
	all, err := b.ledger.Entries(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range all {
		if e.Order == order {
			found = append(found, e)
		}
	}
	return found
}

func (b *books) charged(order string) bool { return len(b.entries(order)) > 0 }

func (b *books) closed(order string) bool {
	_, err := b.store.Receipt(b.Context(), order)
	return err == nil
}
