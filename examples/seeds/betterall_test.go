package seeds_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// The twins of the examples in better-all's README. Those about errors and
// signals are in betterall_errors_test.go, those about flow in
// betterall_exit_test.go.

// letters are the three functions of the README's first example: getC needs
// what getA gives.
type letters struct{ a, b, c time.Duration }

func (l letters) getA(ctx context.Context) (string, error) { return answer(ctx, l.a, "a") }
func (l letters) getB(ctx context.Context) (string, error) { return answer(ctx, l.b, "b") }
func (l letters) getC(ctx context.Context, a string) (string, error) {
	return answer(ctx, l.c, "c of "+a)
}

// lettersNaive runs c after a and b.
func lettersNaive(ctx context.Context, l letters) {
	var a string
	var wg sync.WaitGroup
	wg.Go(func() { a, _ = l.getA(ctx) })
	wg.Go(func() { l.getB(ctx) })
	wg.Wait()
	l.getC(ctx, a)
}

// lettersByHand runs b and c after a.
func lettersByHand(ctx context.Context, l letters) {
	a, _ := l.getA(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { l.getB(ctx) })
	wg.Go(func() { l.getC(ctx, a) })
	wg.Wait()
}

// lettersChained is what is right whatever the times are: the graph, by hand.
func lettersChained(ctx context.Context, l letters) {
	var wg sync.WaitGroup
	wg.Go(func() {
		a, _ := l.getA(ctx)
		l.getC(ctx, a)
	})
	wg.Go(func() { l.getB(ctx) })
	wg.Wait()
}

func loadLetters(ctx context.Context, l letters, options ...asap.Option) ([]string, error) {
	g := asap.New(ctx, options...)
	a := g.Go("a", l.getA)
	b := g.Go("b", l.getB)
	c := a.Then("c", l.getC)
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return []string{a.Value(), b.Value(), c.Value()}, nil
}

func Example_all() {
	ms := time.Microsecond
	fmt.Println(loadLetters(context.Background(), letters{1000 * ms, 10_000 * ms, 10_000 * ms}))
	// Output: [a b c of a] <nil>
}

func TestBetterAllWhy(t *testing.T) {
	const s = time.Second
	for _, row := range []struct {
		name                string
		letters             letters
		naive, byHand, asap time.Duration
	}{
		{"a fast", letters{a: 1 * s, b: 10 * s, c: 10 * s}, 20 * s, 11 * s, 11 * s},
		{"a slow", letters{a: 10 * s, b: 10 * s, c: 1 * s}, 11 * s, 20 * s, 11 * s},
	} {
		t.Run(row.name, func(t *testing.T) {
			wantAfter(t, row.naive, func(ctx context.Context) { lettersNaive(ctx, row.letters) })
			wantAfter(t, row.byHand, func(ctx context.Context) { lettersByHand(ctx, row.letters) })
			wantAfter(t, row.asap, func(ctx context.Context) { lettersChained(ctx, row.letters) })
			wantAfter(t, row.asap, func(ctx context.Context) { loadLetters(ctx, row.letters) })
		})
	}
	wantTimeline(t, "a 0-1000\nb 0-10000\nc 1000-11000", func(ctx context.Context, o asap.Option) {
		loadLetters(ctx, letters{1 * s, 10 * s, 10 * s}, o)
	})
}

// basicParallel is three tasks that need nothing.
func basicParallel(ctx context.Context, second time.Duration, options ...asap.Option) (sum int, err error) {
	g := asap.New(ctx, options...)
	a := g.Go("a", func(ctx context.Context) (int, error) { return answer(ctx, second, 1) })
	b := g.Go("b", func(ctx context.Context) (int, error) { return answer(ctx, second, 2) })
	c := g.Go("c", func(ctx context.Context) (int, error) { return answer(ctx, second, 3) })
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return a.Value() + b.Value() + c.Value(), nil
}

func Example_basicParallel() {
	fmt.Println(basicParallel(context.Background(), time.Millisecond))
	// Output: 6 <nil>
}

// withDependencies is a user, and what hangs on the user.
func withDependencies(ctx context.Context, s site, options ...asap.Option) (siteProfile, siteSettings, error) {
	g := asap.New(ctx, options...)
	user := g.Go("user", s.fetchUser)
	profile := user.Then("profile", s.fetchProfile)
	settings := user.Then("settings", func(ctx context.Context, u siteUser) (siteSettings, error) {
		return answer(ctx, 500*s.ms, siteSettings{"en"})
	})
	if err := g.Wait(); err != nil {
		return siteProfile{}, siteSettings{}, err
	}
	return profile.Value(), settings.Value(), nil
}

func Example_withDependencies() {
	fmt.Println(withDependencies(context.Background(), site{time.Microsecond}))
	// Output: {Ada writes} {en} <nil>
}

// combined infers the types of num and str, as the README's type safety does.
func combined(ctx context.Context, options ...asap.Option) (string, error) {
	g := asap.New(ctx, options...)
	num := g.Go("num", func(context.Context) (int, error) { return 42, nil })
	str := g.Go("str", func(context.Context) (string, error) { return "hello", nil })
	combined := num.And(str).Then("combined", func(_ context.Context, n int, s string) (string, error) {
		return fmt.Sprintf("%s: %d", s, n), nil
	})
	if err := g.Wait(); err != nil {
		return "", err
	}
	return combined.Value(), nil
}

func Example_inferredTypes() {
	fmt.Println(combined(context.Background()))
	// Output: hello: 42 <nil>
}

// complexGraph adds numbers that take a while.
func complexGraph(ctx context.Context, ms time.Duration, options ...asap.Option) ([]int, error) {
	g := asap.New(ctx, options...)
	plus := func(d time.Duration, n int) func(context.Context, int) (int, error) {
		return func(ctx context.Context, v int) (int, error) { return answer(ctx, d, v+n) }
	}
	a := g.Go("a", func(ctx context.Context) (int, error) { return answer(ctx, 10*ms, 1) })
	b := g.Go("b", func(ctx context.Context) (int, error) { return answer(ctx, 30*ms, 2) })
	c := a.Then("c", plus(40*ms, 10))
	d := b.Then("d", plus(10*ms, 20))
	e := c.And(d).Then("e", func(ctx context.Context, c, d int) (int, error) { return answer(ctx, 10*ms, c+d) })
	all := g.Gather("all", a, b, c, d, e)
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return all.Value(), nil
}

func Example_complexGraph() {
	fmt.Println(complexGraph(context.Background(), time.Microsecond))
	// Output: [1 2 11 22 33] <nil>
}

// steppedChain awaits one task after the other and loses nothing, for posts
// runs already while the body waits for user.
func steppedChain(ctx context.Context, s site, log io.Writer, options ...asap.Option) ([]string, error) {
	g := asap.New(ctx, options...)
	user := g.Go("user", func(ctx context.Context) (userData, error) {
		return answer(ctx, 100*s.ms, userData{"u1", "Ada"})
	})
	posts := user.Then("posts", s.posts)
	postsWithAuthor := g.Go("postsWithAuthor", func(ctx context.Context) ([]string, error) {
		u, err := user.Await(ctx)
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(log, "fetched user:", u.Name)
		p, err := posts.Await(ctx)
		if err != nil {
			return nil, err
		}
		var titles []string
		for _, post := range p {
			titles = append(titles, post.Title+" by "+u.Name)
		}
		return titles, nil
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return postsWithAuthor.Value(), nil
}

func Example_steppedChain() {
	titles, err := steppedChain(context.Background(), site{time.Microsecond}, os.Stdout)
	fmt.Printf("%q %v\n", titles, err)
	// Output:
	// fetched user: Ada
	// ["Notes by Ada" "More notes by Ada"] <nil>
}

func TestBetterAllTimelines(t *testing.T) {
	s := site{time.Millisecond}
	for _, row := range []struct {
		name, want string
		twin       func(context.Context, asap.Option)
	}{
		{"basic", "a 0-1000\nb 0-1000\nc 0-1000", func(ctx context.Context, o asap.Option) { basicParallel(ctx, time.Second, o) }},
		{"dependencies", "user 0-1000\nsettings 1000-1500\nprofile 1000-11000", func(ctx context.Context, o asap.Option) { withDependencies(ctx, s, o) }},
		{"types", "combined 0-0\nnum 0-0\nstr 0-0", func(ctx context.Context, o asap.Option) { combined(ctx, o) }},
		{"graph", "a 0-10\nb 0-30\nc 10-50\nd 30-40\ne 50-60", func(ctx context.Context, o asap.Option) { complexGraph(ctx, time.Millisecond, o) }},
		{"stepped", "user 0-100\nposts 100-400\npostsWithAuthor 400-400", func(ctx context.Context, o asap.Option) { steppedChain(ctx, s, io.Discard, o) }},
	} {
		t.Run(row.name, func(t *testing.T) { wantTimeline(t, row.want, row.twin) })
	}
}

type analysis struct {
	Posts, Followers int
}

// debugMode is the README's five tasks, drawn to w.
func debugMode(ctx context.Context, ms time.Duration, options ...asap.Option) (analysis, error) {
	g := asap.New(ctx, options...)
	config := g.Go("config", func(ctx context.Context) (string, error) {
		return answer(ctx, 50*ms, "https://api.example.com")
	})
	user := g.Go("user", func(ctx context.Context) (siteUser, error) {
		return answer(ctx, 120*ms, siteUser{"1", "Alice"})
	})
	posts := user.Then("posts", func(ctx context.Context, u siteUser) ([]string, error) {
		return answer(ctx, 200*ms, []string{"Notes", "More notes"})
	})
	profile := user.And(config).Then("profile", func(ctx context.Context, u siteUser, url string) (int, error) {
		return answer(ctx, 80*ms, 3)
	})
	analytics := posts.And(profile).Then("analytics", func(ctx context.Context, posts []string, followers int) (analysis, error) {
		return answer(ctx, 40*ms, analysis{len(posts), followers})
	})
	if err := g.Wait(); err != nil {
		return analysis{}, err
	}
	return analytics.Value(), nil
}

func Example_debugMode() {
	var chart strings.Builder // os.Stderr in a program; here it would differ by a millisecond each time
	a, err := debugMode(context.Background(), time.Microsecond, asap.Name("page"), waterfall.Print(&chart))
	fmt.Printf("%+v %v\n", a, err)
	fmt.Println(strings.HasPrefix(chart.String(), "page: succeeded after"))
	// Output:
	// {Posts:2 Followers:3} <nil>
	// true
}

func TestBetterAllDebugMode(t *testing.T) {
	t.Setenv("COLUMNS", "80")
	var chart strings.Builder
	wantTimeline(t, `
		config 0-50
		user 0-120
		profile 120-200
		posts 120-320
		analytics 320-360
	`, func(ctx context.Context, o asap.Option) {
		if _, err := debugMode(ctx, time.Millisecond, o, asap.Name("page"), waterfall.Print(&chart)); err != nil {
			t.Error(err)
		}
	})
	wantGolden(t, "betterall-debug.txt", chart.String())
}
