package browser_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// buildStore builds the example shop.
func buildStore(t *testing.T) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "storefront")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = "../../../examples/storefront"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// openStore starts the shop with services that answer at once, but for those of
// which faults say that they answer when they are repaired.
func openStore(t *testing.T, program, faults string) (address string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-serve", "-addr", "127.0.0.1:0", "-latency", "0",
		"-timeout", "1h", "-patience", "1h", "-slow", "1h", "-faults", faults)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	said := bufio.NewReader(out)
	line, err := said.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, said) // ends with the program
	return strings.TrimSuffix(regexp.MustCompile(`http://\S*`).FindString(line), "/")
}

func repair(t *testing.T, store, service string) {
	t.Helper()
	res, err := http.PostForm(store+"/admin/faults", url.Values{"service": {service}, "fault": {"ok"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
}

// oldBrowser passes a shop's pages on as a browser sees them that knows nothing
// of declarative shadow roots.
func oldBrowser(t *testing.T, store string) string {
	u, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	proxy.FlushInterval = -1
	proxy.ModifyResponse = func(r *http.Response) error {
		r.Body = &renamed{r.Body}
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

// renamed renames an attribute to another of the same length. The shell, which has
// it, comes in one piece.
type renamed struct{ io.ReadCloser }

func (r *renamed) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b)
	copy(b, bytes.ReplaceAll(b[:n], []byte("shadowrootmode="), []byte("unknownrootmode=")[1:]))
	return n, err
}

// The home page is painted as its parts become true: with the first of them while
// the slowest has not come, each in its place whatever the order, without a
// script and with one line of it in a browser that needs it.
func TestStorefrontStreams(t *testing.T) {
	program := buildStore(t)
	for _, tt := range []struct {
		name           string
		width          int64
		dark           bool
		noScript, aged bool
	}{
		{name: "light", width: 1100},
		{name: "dark", width: 360, dark: true},
		{name: "no script", width: 1100, noScript: true},
		{name: "no declarative roots", width: 1100, aged: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx := tab(t, tt.width, 900, tt.dark)
			store := openStore(t, program, "ads=slow,currency=slow")
			seen := store
			if tt.aged {
				seen = oldBrowser(t, store)
			}
			if tt.noScript {
				off := emulation.SetScriptExecutionDisabledParams{Value: true}
				if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, off); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := chromedp.Call(ctx, page.Navigate, page.NavigateParams{URL: seen}); err != nil {
				t.Fatal(err)
			}
			const first = `performance.getEntriesByType("paint").some(p => p.name === "first-contentful-paint")`
			shows := func(part string) string {
				return `document.querySelector("[slot=` + part + `]")?.getClientRects().length`
			}
			now := func(want string) {
				t.Helper()
				got := js[string](t, ctx, `document.readyState + ":" + ["notice", "currencies", "products", "ad", "panel"].filter(p => `+
					`document.querySelector("[slot=" + p + "]")?.getClientRects().length)`)
				if got != want {
					t.Errorf("the page shows %s, want %s", got, want)
				}
			}
			wait(t, ctx, first+" && "+shows("notice"))
			now("loading:notice")
			picture(t, ctx, tt.name+" 1")
			repair(t, store, "currency")
			wait(t, ctx, shows("products")+" && "+shows("currencies"))
			now("loading:notice,currencies,products")
			picture(t, ctx, tt.name+" 2")
			repair(t, store, "ads")
			wait(t, ctx, `document.readyState === "complete" && `+shows("panel"))
			now("complete:notice,currencies,products,ad,panel")
			picture(t, ctx, tt.name+" 3")
			const order = `["notice", "currencies", "ad", "products", "panel"].map(p => document.querySelector("[slot=" + p + "]").getBoundingClientRect().top)`
			if tops := js[[]float64](t, ctx, order); !(tops[0] < tops[1] && tops[1] < tops[2] && tops[2] < tops[3] && tops[3] < tops[4]) {
				t.Errorf("the parts are at %v from the top, want them in their order", tops)
			}
			if js[bool](t, ctx, `document.documentElement.scrollWidth > innerWidth`) {
				t.Error("the page is wider than its window")
			}
		})
	}
}

// picture keeps what one sees, where STOREFRONT_PICTURES says.
func picture(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("STOREFRONT_PICTURES")
	if dir == "" {
		return
	}
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
