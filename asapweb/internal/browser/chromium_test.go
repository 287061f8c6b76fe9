package browser_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is one Chromium for all tests, started by the first that needs it.
var browser = sync.OnceValues(func() (context.Context, error) {
	path := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}
	if path == "" {
		return nil, fmt.Errorf("no chromium is installed, and CHROMIUM names none")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(2*time.Minute),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	closeBrowser = func() { cancel(); stop() }
	return ctx, chromedp.Do(ctx, chromedp.Navigate("about:blank"))
})

var closeBrowser = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	closeBrowser()
	os.Exit(code)
}

// tab opens an empty tab of that size. The test fails if a page in it writes an
// error to the console, throws, opens a dialog, or breaks its own security
// policy.
func tab(t *testing.T, width, height int64, dark bool) context.Context {
	t.Helper()
	ctx := tabThatMayFail(t, width, height)
	var mu sync.Mutex
	var problems []string
	err := chromedp.Listen(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			if e.Type != runtime.ConsoleAPICalledTypeLog {
				for _, arg := range e.Args {
					problems = append(problems, fmt.Sprintf("console: %s %s", arg.Value, arg.Description))
				}
			}
		case *runtime.EventExceptionThrown:
			what := fmt.Sprintf("%+v", e.ExceptionDetails)
			if thrown := e.ExceptionDetails.Exception; thrown != nil {
				what = thrown.Description
			}
			problems = append(problems, "exception: "+what)
		case *page.EventJavascriptDialogOpening:
			problems = append(problems, "dialog: "+e.Message)
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
				problems = append(problems, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		if len(problems) > 0 {
			t.Errorf("the browser complains:\n%s", strings.Join(problems, "\n"))
		}
	})
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	for _, enable := range []error{
		second(chromedp.Call(ctx, page.Enable, page.EnableParams{})),
		second(chromedp.Call(ctx, log.Enable, cdp.Empty{})),
		second(chromedp.Call(ctx, runtime.Enable, cdp.Empty{})),
		second(chromedp.Call(ctx, emulation.SetEmulatedMedia, media)),
	} {
		if enable != nil {
			t.Fatal(enable)
		}
	}
	return ctx
}

// tabThatMayFail opens a tab whose errors nobody counts.
func tabThatMayFail(t *testing.T, width, height int64) context.Context {
	t.Helper()
	parent, err := browser()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI is set, and there is no browser: %v", err)
		}
		t.Skipf("NOT TESTED: the pages need a browser: %v", err)
	}
	ctx, cancel := chromedp.NewContext(parent)
	ctx, stop := context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(func() { stop(); cancel() })
	do(t, ctx, chromedp.EmulateViewport(width, height))
	// Every tab behaves as if it were the one in front.
	focused := emulation.SetFocusEmulationEnabledParams{Enabled: true}
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, focused); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func second[T any](_ T, err error) error { return err }

// do does something in a tab, or fails the test.
func do(t *testing.T, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// js evaluates an expression in a tab.
func js[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// wait waits until an expression is true, also while one page follows another.
func wait(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	var err error
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(30 * time.Millisecond) {
		var is bool
		if is, err = chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")")); is {
			return
		}
	}
	t.Fatalf("waited in vain for %s: %v", expression, err)
}
