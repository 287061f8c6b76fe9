package seeds_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// The twins of the README's early exits: flow and this.$end.

// shelf is a cache with an API behind it.
type shelf struct {
	ms     time.Duration
	cached string // "" is a miss
}

// cacheFirst ends with what the cache has, and else with what the API gives.
func (s shelf) cacheFirst(ctx context.Context, options ...asap.Option) (string, error) {
	g := asap.New(ctx, options...)
	end := g.NewExit[string]()
	checkCache := g.Do("checkCache", func(ctx context.Context) error {
		cached, err := answer(ctx, 10*s.ms, s.cached)
		if cached != "" {
			return end.With(cached) // ends the group, successfully
		}
		return err
	})
	fetchFromAPI := checkCache.Then("fetchFromAPI", func(ctx context.Context, _ struct{}) (string, error) {
		return answer(ctx, 300*s.ms, "fresh data")
	})
	fetchFromAPI.Do("processData", func(ctx context.Context, data string) error {
		return end.With("processed " + data)
	})
	if err := g.Wait(); err != nil {
		return "", err
	}
	data, _ := end.Value()
	return data, nil
}

func Example_cache() {
	fmt.Println(shelf{time.Microsecond, "cached data"}.cacheFirst(context.Background()))
	fmt.Println(shelf{time.Microsecond, ""}.cacheFirst(context.Background()))
	// Output:
	// cached data <nil>
	// processed fresh data <nil>
}

// raceToEnd ends with whichever endpoint responds first, and cancels the other.
func raceToEnd(ctx context.Context, primary, backup time.Duration, options ...asap.Option) (string, error) {
	g := asap.New(ctx, options...)
	end := g.NewExit[string]()
	fetch := func(d time.Duration, data string) func(context.Context) error {
		return func(ctx context.Context) error {
			data, err := answer(ctx, d, data)
			if err != nil {
				return err
			}
			return end.With(data)
		}
	}
	g.Do("fetchFromPrimary", fetch(primary, "primary"))
	g.Do("fetchFromBackup", fetch(backup, "backup"))
	if err := g.Wait(); err != nil {
		return "", err
	}
	data, _ := end.Value()
	return data, nil
}

func Example_racingOperations() {
	fmt.Println(raceToEnd(context.Background(), time.Millisecond, time.Hour))
	// Output: primary <nil>
}

// processed is the README's union: an error message, or data.
type processed struct{ Error, Data string }

// conditional ends early when the input is not valid.
func conditional(ctx context.Context, ms time.Duration, input string, options ...asap.Option) (processed, error) {
	return asap.Run(ctx, func(g *asap.Group) func() processed {
		end := g.NewExit[processed]()
		valid := g.Go("validateInput", func(ctx context.Context) (string, error) {
			if _, err := answer(ctx, 20*ms, struct{}{}); err != nil {
				return "", err
			}
			if input == "" {
				return "", end.With(processed{Error: "invalid input"})
			}
			return input, nil
		})
		return valid.Then("processData", func(ctx context.Context, input string) (processed, error) {
			return answer(ctx, 500*ms, processed{Data: "processed " + input})
		}).Value
	}, options...)
}

func Example_conditional() {
	p, err := conditional(context.Background(), time.Microsecond, "")
	fmt.Printf("%+v %v\n", p, err)
	p, err = conditional(context.Background(), time.Microsecond, "a form")
	fmt.Printf("%+v %v\n", p, err)
	// Output:
	// {Error:invalid input Data:} <nil>
	// {Error: Data:processed a form} <nil>
}

// eitherType is flow<number | string>: an exit for each type, where the
// original has a union.
func eitherType(ctx context.Context, options ...asap.Option) (any, error) {
	g := asap.New(ctx, options...)
	number, text := g.NewExit[int](), g.NewExit[string]()
	g.Do("task1", func(context.Context) error { return number.With(42) })
	g.Do("task2", func(ctx context.Context) error {
		s, err := answer(ctx, time.Hour, "hello")
		return errors.Join(err, text.With(s))
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if n, ok := number.Value(); ok {
		return n, nil
	}
	if s, ok := text.Value(); ok {
		return s, nil
	}
	return nil, nil // nobody ended the group
}

func Example_eitherType() {
	fmt.Println(eitherType(context.Background()))
	// Output: 42 <nil>
}

// maybe is flow<string | undefined>: nil is a value like any other, and
// whether anybody ended the group is the second result.
func maybe(ctx context.Context, data *string, ends bool, options ...asap.Option) (*string, bool) {
	g := asap.New(ctx, options...)
	end := g.NewExit[*string]()
	g.Do("task1", func(context.Context) error {
		if !ends {
			return nil
		}
		return end.With(data)
	})
	g.Wait()
	return end.Value()
}

func Example_maybe() {
	data := "data"
	p, ok := maybe(context.Background(), &data, true)
	fmt.Println(*p, ok)
	fmt.Println(maybe(context.Background(), nil, true))
	fmt.Println(maybe(context.Background(), nil, false))
	// Output:
	// data true
	// <nil> true
	// <nil> false
}

func TestBetterAllFlow(t *testing.T) {
	const ms = time.Millisecond
	for _, row := range []struct {
		name, want string
		twin       func(context.Context, asap.Option)
	}{
		{"cache hit", `
			fetchFromAPI Skipped
			processData Skipped
			checkCache 0-10 Exited`,
			func(ctx context.Context, o asap.Option) { shelf{ms, "cached"}.cacheFirst(ctx, o) }},
		{"cache miss", `
			checkCache 0-10
			fetchFromAPI 10-310
			processData 310-310 Exited`,
			func(ctx context.Context, o asap.Option) { shelf{ms, ""}.cacheFirst(ctx, o) }},
		{"race", `
			fetchFromBackup 0-100 Exited
			fetchFromPrimary 0-100 Exited`,
			func(ctx context.Context, o asap.Option) { raceToEnd(ctx, 100*ms, 500*ms, o) }},
		{"race to the backup", `
			fetchFromBackup 0-500 Exited
			fetchFromPrimary 0-500 Exited`,
			func(ctx context.Context, o asap.Option) { raceToEnd(ctx, 900*ms, 500*ms, o) }},
		{"invalid input", `
			processData Skipped
			validateInput 0-20 Exited`,
			func(ctx context.Context, o asap.Option) { conditional(ctx, ms, "", o) }},
		{"valid input", `
			validateInput 0-20
			processData 20-520`,
			func(ctx context.Context, o asap.Option) { conditional(ctx, ms, "a form", o) }},
	} {
		t.Run(row.name, func(t *testing.T) { wantTimeline(t, row.want, row.twin) })
	}
}
