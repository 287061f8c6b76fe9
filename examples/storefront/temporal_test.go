package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap/examples/storefront/services"
)

// temporald builds a Temporal server, once for a machine, and runs it.
const temporald = "github.com/asap-go/asap/temporalasap/internal/servertest/server/temporald"

// startTemporal starts a Temporal server that ends with the test, and returns
// its address. Building it takes minutes, so the test is for make test-servers
// alone.
func startTemporal(t *testing.T) (address string) {
	t.Helper()
	if os.Getenv("ASAP_SERVERS") == "" {
		t.Skip("needs a Temporal server built from source: make test-servers")
	}
	build := exec.CommandContext(t.Context(), "go", "run", temporald, "-build")
	build.Stderr = os.Stderr
	program, err := build.Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(strings.TrimSpace(string(program)), "-stdin", "-db", filepath.Join(t.TempDir(), "temporal.db"), "-port", "0", "-ui-port", "0")
	cmd.Stderr = t.Output()
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	var server struct{ Addr string }
	if err := json.NewDecoder(out).Decode(&server); err != nil {
		t.Fatal(err)
	}
	return server.Addr
}

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
	t.Parallel()
	server, dir := startTemporal(t), t.TempDir()
	claimed := func(order string) bool { return inFile(t, dir, "orders.jsonl", order, "") }
	charged := func(order string) bool { return inFile(t, dir, "payment.jsonl", order, "") }
	closed := func(order string) bool { return inFile(t, dir, "orders.jsonl", order, `"payment":"pay-`) }
	for user, tt := range []struct {
		name     string
		args     []string // of the shop that is killed
		reached  func(order string) bool
		after    time.Duration // at most, and then it is killed
		askAgain bool          // before it is finished
		why      string
	}{
		{"quoting", []string{"-faults", "shipping=slow"}, claimed, 0, false, "nothing is paid"},
		{"paying", []string{"-faults", "payment=slow"}, charged, 0, false, "payment has charged, and nobody knows"},
		{"paying, asked again", []string{"-faults", "payment=slow"}, charged, time.Second, true, "the second request joins the order"},
		{"mailing", []string{"-faults", "mail=slow"}, closed, 0, false, "the receipt is there, the order not at its end"},
		{"anywhere", []string{"-latency", "8"}, nil, 1500 * time.Millisecond, false, "between any two instants"},
		{"anywhere, asked again", []string{"-latency", "8"}, nil, 1500 * time.Millisecond, true, "and from any state"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			order, user := fmt.Sprintf("killed-%04d", user), 1+user
			p := startProgram(t, server, dir, tt.args...)
			answered := make(chan error, 1)
			go func() { // received from below
				_, err := place(t.Context(), p.url, order, user)
				answered <- err
			}()
			if tt.reached == nil {
				poll(t, "the order is there", func() bool { return claimed(order) })
			} else {
				poll(t, tt.why, func() bool { return tt.reached(order) })
			}
			after := rand.N(tt.after + 1)
			time.Sleep(after) // in the child's time, which no bubble has
			p.kill()
			if err := <-answered; tt.reached != nil && err == nil {
				t.Error("the customer had his answer before the shop was killed")
			}
			t.Logf("killed %v later, charged: %v, closed: %v", after, charged(order), closed(order))

			again := time.Now()
			p = startProgram(t, server, dir, "-latency", "0")
			t.Logf("open again after %v", time.Since(again).Round(time.Millisecond))
			if tt.askAgain {
				if c, err := place(t.Context(), p.url, order, user); err != nil || c.Payment == "" {
					t.Errorf("asked again: payment %q, %v; want the order placed", c.Payment, err)
				}
			}
			poll(t, "the order is finished", func() bool { return closed(order) && inFile(t, dir, "orders.jsonl", order, `"Mail":"mail-`) })
			t.Logf("finished %v after the shop was started again", time.Since(again).Round(time.Millisecond))

			c, err := place(t.Context(), p.url, order, user)
			if err != nil || !c.Repeated || len(c.Lines) == 0 || c.Tracking == "" {
				t.Errorf("asked once more: %+v, %v; want the whole receipt of before", c, err)
			}
			if !inFile(t, dir, "payment.jsonl", order, fmt.Sprintf(`"Payment":"%s","Amount":{"currency":"EUR","minor":%d}`, c.Payment, c.Total.Minor)) {
				t.Errorf("the ledger does not have payment %s of %v", c.Payment, c.Total)
			}
			res, err := http.Get(fmt.Sprint(p.url, "/cart?format=json&user=", user))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			var cart Cart
			if err := json.NewDecoder(res.Body).Decode(&cart); err != nil || len(cart.Lines) > 0 {
				t.Errorf("cart %+v, %v; want it empty", cart, err)
			}
			p.kill()
		})
	}
}

// inFile says whether the last line of a key in a file of a shop has a text in
// it, as somebody sees the file who is not the shop.
func inFile(t *testing.T, dir, file, key, text string) bool {
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for line := range bytes.Lines(b) {
		if bytes.HasPrefix(line, fmt.Appendf(nil, `{"Key":%q,`, key)) {
			found = bytes.Contains(line, []byte(text))
		}
	}
	return found
}

// program is a shop in a process of its own.
type program struct {
	cmd *exec.Cmd
	url string
}

func startProgram(t *testing.T, server, dir string, args ...string) *program {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"-serve", "-temporal", server, "-addr", "127.0.0.1:0", "-dir", dir, "-timeout", "1m"}, args...)...)
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
	for s := bufio.NewScanner(out); s.Scan(); {
		if strings.HasPrefix(s.Text(), "The shop is open") {
			p.url = regexp.MustCompile(`http://[\d.:]+`).FindString(s.Text())
		}
		if strings.HasPrefix(s.Text(), "Its orders are workflows") {
			return p
		}
	}
	p.kill()
	t.Fatalf("the shop did not open: %s", log.String())
	return nil
}

// kill ends the shop as a power cut would, and does nothing the second time.
func (p *program) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// place sends the form of an order.
func place(ctx context.Context, shopURL, order string, user int) (Checkout, error) {
	var c Checkout
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

// What the visitor is told does not depend on where his order runs, but for
// where the page says that it ran.
func TestSameAnswers(t *testing.T) {
	t.Parallel()
	server := startTemporal(t)
	here, there := open(t, nil), open(t, func(c *settings) { c.server = server })
	for _, tt := range []struct {
		name, order string
		user        int
		faults      map[string]services.Fault
		code        int
		want        string
	}{
		{"placed", "answers-1", 1, nil, 200, `"repeated": false`},
		{"sent again", "answers-1", 1, nil, 200, `"repeated": true`},
		{"another customer's", "answers-1", 2, nil, 400, "order answers-1 is another customer's"},
		{"empty cart", "answers-2", 1, nil, 409, "cart: the cart is empty"},
		{"a service is down", "answers-3", 3, map[string]services.Fault{"payment": services.Down}, 502, "charge: payment service: down: hung up without an answer: EOF"},
		{"and up again", "answers-3", 3, nil, 200, `"repeated": false`},
		{"no mail", "answers-4", 4, map[string]services.Fault{"mail": services.Garbage}, 200, `"why": "mail service: nonsense in the answer: `},
	} {
		for where, w := range map[string]*world{"here": here, "there": there} {
			for _, service := range services.Names {
				w.Services.Break(service, services.None)
			}
			for service, f := range tt.faults {
				w.Services.Break(service, f)
			}
			if code, body := w.ask(order(tt.order, tt.user), ASAP, "json"); code != tt.code || !strings.Contains(body, tt.want) {
				t.Errorf("%s, %s: status %d: %s; want %d, %s", tt.name, where, code, body, tt.code, tt.want)
			}
		}
	}
	_, html := there.ask(order("answers-5", 5), ASAP, "html")
	if want := `<a href="` + temporalUI + `/namespaces/default/workflows/checkout-answers-5-5-EUR">as a workflow</a>`; !strings.Contains(html, want) {
		t.Errorf("the page has no %s:\n%s", want, html)
	}
}

// A shop that is closed while payment has not answered leaves an order that is
// not failed: it goes on when the shop is opened again, those who send it while
// it runs get its receipt, and nobody gets the receipt of somebody else.
func TestClosedShop(t *testing.T) {
	t.Parallel()
	server := startTemporal(t)
	w := open(t, func(c *settings) { c.server, c.timeout = server, time.Hour })
	w.Services.Break("payment", services.Slow) // an hour: until the shop is opened again
	answered := make(chan int, 1)
	go func() { // received from below
		code, _, _ := w.try(t.Context(), order("closed-0001", 1), ASAP, "json")
		answered <- code
	}()
	poll(t, "the order is charged", func() bool { return w.Services.Ledger.Get("closed-0001").Asked > 0 })
	if code, body := w.ask(order("closed-0001", 2), ASAP, "json"); code == 200 || strings.Contains(body, "payment") {
		t.Errorf("somebody else's: status %d: %s; want an error", code, body)
	}
	w.temporal.close()
	if code := <-answered; code == 200 {
		t.Error("the customer had a receipt before payment had answered")
	}
	w.Services.Break("payment", services.None)
	var err error
	if w.temporal, err = dial(t.Context(), server, w.flow); err != nil {
		t.Fatal(err)
	}
	receipts := make([]Checkout, 6)
	var wg sync.WaitGroup
	for i := range receipts {
		wg.Go(func() {
			other := &Shop{settings: w.settings, Store: w.Store, Services: w.Services, flow: w.flow, temporal: w.temporal} // which knows of no other request
			receipts[i] = decode[Checkout](&world{t, other, serveTest(t, other)}, order("closed-0001", 1), ASAP)
		})
	}
	wg.Wait()
	e := w.Services.Ledger.Get("closed-0001")
	for _, r := range receipts {
		if r.Payment != e.Payment || r.Total != e.Amount || e.Asked != 2 {
			t.Errorf("receipt %s of %v, ledger %+v; want one charge, asked for twice", r.Payment, r.Total, e)
		}
	}
	poll(t, "the order is finished", func() bool {
		_, mail, err := w.Store.Receipt("closed-0001")
		return err == nil && mail != ""
	})
}
