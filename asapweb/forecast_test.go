package asapweb_test

import (
	"html"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// slowAds has seen so many runs of a page that waits for ads, without which it can do.
func slowAds(name string, n int, tasks ...string) *waterfall.Stats {
	return slowAdsEach(name, n, 0, tasks...)
}

// slowAdsEach has one in so much time.
func slowAdsEach(name string, n int, every time.Duration, tasks ...string) *waterfall.Stats {
	if tasks == nil {
		tasks = []string{"user", "ads"}
	}
	stats := new(waterfall.Stats)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range n {
		r := &waterfall.Run{Name: name, Ended: true, Groups: []waterfall.Group{{ID: 1, Name: name, Outcome: asap.Succeeded}}}
		for i, task := range tasks {
			took := time.Duration((1 + rnd.ExpFloat64()*float64(10*i+1)) * 1e6)
			r.Tasks = append(r.Tasks, waterfall.Task{ID: asap.ID(i + 2), Group: 1, Name: task, Outcome: asap.Succeeded, Optional: i == len(tasks)-1,
				Pieces: []waterfall.Piece{{State: waterfall.Running, End: took}}})
			r.Makespan = max(r.Makespan, took)
		}
		r.Groups[0].End = r.Makespan
		stats.Add(r)
		if every > 0 {
			time.Sleep(every)
		}
	}
	return stats
}

func TestWhatWouldHelp(t *testing.T) {
	stats := slowAds("home", 5000)
	h := newHandler(stats)
	body := page(t, h, "?group=home")
	contains(t, "the page of a name", body, "What would help at p99", "hedge ads at p95", "give ads", `<input type="hidden" name="group" value="home">`,
		`<a href="?group=home&amp;window=10-minutes&amp;whatif=hedge%3Aads%3Dp95#whatif">`, "safe to call twice")
	answer := page(t, h, "?group=home&whatif="+url.QueryEscape("hedge:ads=p90, within:ads=20ms"))
	contains(t, "the answer", answer, "hedge ads at p90", "and give ads 20 ms: p99", "nine times in ten", `value="hedge:ads=p90, within:ads=20ms"`)
}

func TestWhatIfOfPages(t *testing.T) {
	h := newHandler(slowAds("home", 5000))
	few := newHandler(slowAds("home", 12))
	contains(t, "the page of few runs", page(t, few, "?group=home"), "12 runs are too few to say anything of p99")
	contains(t, "an answer that there is not", page(t, few, "?group=home&whatif=ads%3D0"), `<p class="bad">12 runs are too few`)
	for _, test := range []struct {
		whatif string
		code   int
		want   string
	}{
		{"", 200, "What would help"},
		{" , ,", 200, "What would help"},
		{"ads", 400, `parameter whatif: "ads" is no change; one looks like user=-50%`},
		{"hedge:ads=95", 400, "parameter whatif: hedge:ads=95: want a percentile like p95"},
		{"x\x1b[31m", 400, `parameter whatif: "x\\x1b[31m" is no change`},
		{strings.Repeat("a=0,", 13), 400, "parameter whatif: 13 changes, and 12 are the most"},
		{strings.Repeat("a", 1001), 400, "parameter whatif: it is longer than 1000 bytes"},
	} {
		w := get(t, h, "?group=home&whatif="+url.QueryEscape(test.whatif))
		if w.Code != test.code || !strings.Contains(w.Body.String(), test.want) {
			t.Errorf("whatif=%.40q: %d %.300s, want %d %s", test.whatif, w.Code, w.Body, test.code, test.want)
		}
	}
	for _, query := range []string{"?whatif=a%3D0", "?run=1&whatif=a%3D0", "?group=home&whatif=a%3D0&format=json", "?group=home&whatif=a%3D0&against=hour"} {
		if w := get(t, h, query); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d, want 400", query, w.Code)
		}
	}
	contains(t, "a task that there is not", page(t, h, "?group=home&whatif="+url.QueryEscape("hedge:<b>x</b>=p95")), html.EscapeString(`no task "<b>x</b>"; there are user and ads`))
}

// Markup in names of tasks is text in suggestions and answers.
func TestMarkupInForecasts(t *testing.T) {
	for i, bad := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "a\u202eb\x00\x1b[31m", "a,b=c", "\xff"} {
		h := newHandler(slowAds("home", 3000, "user", bad))
		for _, query := range []string{"?group=home", "?group=home&whatif=" + url.QueryEscape("within:"+bad+"=10ms"), "?group=home&whatif=" + url.QueryEscape("hedge:x"+bad+"=p95")} {
			body := strings.ToLower(withoutAssets(get(t, h, query).Body.String()))
			for _, raw := range []string{"<script>alert", "<img", "\x00", "\x1b", "\u202e"} {
				if strings.Contains(body, raw) {
					t.Errorf("%d: %q is in the page of %s", i, raw, query)
				}
			}
		}
	}
}
