package batch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
)

// Every item of a list asks for its author, and then for the author's country: two calls,
// though only one body runs at a time.
func Example() {
	authorOf := func(_ context.Context, books []string) (map[string]string, error) {
		slices.Sort(books)
		fmt.Println("authors of", books)
		return map[string]string{"Emma": "Austen", "Persuasion": "Austen", "Nana": "Zola"}, nil
	}
	countryOf := func(_ context.Context, authors []string) (map[string]string, error) {
		slices.Sort(authors)
		fmt.Println("countries of", authors)
		return map[string]string{"Austen": "England", "Zola": "France"}, nil
	}
	countries, err := asap.Run(context.Background(), func(g *asap.Group) func() []string {
		authors := batch.New(g, "authors", authorOf)
		countries := batch.New(g, "countries", countryOf)
		books := g.Input("books", []string{"Emma", "Nana", "Persuasion", "Emma"})
		return g.Map("book", books, func(ctx context.Context, book string) (string, error) {
			author, err := authors.Get(ctx, book)
			if err != nil {
				return "", err
			}
			return countries.Get(ctx, author)
		}).Value
	}, asap.Limit(1))
	fmt.Println(countries, err)
	// Output:
	// authors of [Emma Nana Persuasion]
	// countries of [Austen Zola]
	// [England France England England] <nil>
}

// A key without a value is the error of who asked for it, and one that fetch has an error
// of its own for is too.
func ExampleErrors() {
	fetch := func(_ context.Context, ids []int) (map[int]string, error) {
		return map[int]string{1: "Ada"}, batch.Errors[int]{2: errors.New("forbidden")}
	}
	g := asap.New(context.Background())
	names := batch.New(g, "names", fetch)
	for id := 1; id <= 3; id++ {
		g.Optional("user", func(ctx context.Context) (string, error) {
			name, err := names.Get(ctx, id)
			if errors.Is(err, batch.ErrMissing) {
				return "nobody", nil
			}
			return name, err
		})
	}
	fmt.Println(g.Wait())
	// Output: <nil>
}

// Functions that return values in the order of the keys fit too. GetAll asks for many
// keys before it waits, and no call has more than two.
func ExampleNewInOrder() {
	square := func(_ context.Context, ns []int) ([]int, error) {
		var squares []int
		for _, n := range ns {
			squares = append(squares, n*n)
		}
		return squares, nil
	}
	g := asap.New(context.Background())
	squares := batch.NewInOrder(g, "squares", square, batch.MaxSize(2))
	all := g.Go("all", func(ctx context.Context) ([]int, error) { return squares.GetAll(ctx, []int{3, 1, 2, 3}) })
	fmt.Println(g.Wait(), all.Value())
	// Output: <nil> [9 1 4 9]
}

// A key's own error says which batch and which key. MaxWait is a net for bodies that run
// long while others ask.
func ExampleKeyError() {
	stock := func(_ context.Context, ids []int) (map[int]int, error) { return map[int]int{1: 12}, nil }
	g := asap.New(context.Background())
	inStock := batch.New(g, "stock", stock, batch.MaxWait(10*time.Millisecond))
	two := g.Optional("two", func(ctx context.Context) (int, error) { return inStock.Get(ctx, 2) })
	if err := g.Wait(); err != nil {
		panic(err)
	}
	key, _ := errors.AsType[*batch.KeyError](two.Value().Err)
	fmt.Println(key.Batch, key.Key, key.Err == batch.ErrMissing, inStock.Name())
	// Output: stock 2 true stock
}
