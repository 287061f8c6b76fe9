package graphql

import (
	"context"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
	"github.com/vikstrous/dataloadgen"
)

// Shop is where the data is: each of its functions is one call of a service.
type Shop interface {
	Items(ctx context.Context, first int) ([]*Item, error)
	Authors(ctx context.Context, ids []string) (map[string]*Author, error)
	Prices(ctx context.Context, ids []string) (map[string]*Price, error)
	Countries(ctx context.Context, codes []string) (map[string]*Country, error)
}

// loader fetches one value, with others that are asked for.
type loader[V any] func(ctx context.Context, key string) (V, error)

// loaders is what the resolvers of one query use.
type loaders struct {
	author  loader[*Author]
	price   loader[*Price]
	country loader[*Country]
}

type loadersKey struct{}

// OfGroup returns a context with loaders for the resolvers of g.
func OfGroup(ctx context.Context, g *asap.Group, shop Shop) context.Context {
	return context.WithValue(ctx, loadersKey{}, loaders{
		author:  batch.New(g, "authors", shop.Authors).Get,
		price:   batch.New(g, "prices", shop.Prices).Get,
		country: batch.New(g, "countries", shop.Countries).Get,
	})
}

// OfWindow returns a context with loaders that wait for others to ask: for a window of
// time, the usual way.
func OfWindow(ctx context.Context, shop Shop, options ...dataloadgen.Option) context.Context {
	return context.WithValue(ctx, loadersKey{}, loaders{
		author:  dataloadgen.NewMappedLoader(shop.Authors, options...).Load,
		price:   dataloadgen.NewMappedLoader(shop.Prices, options...).Load,
		country: dataloadgen.NewMappedLoader(shop.Countries, options...).Load,
	})
}

func loadersOf(ctx context.Context) loaders { return ctx.Value(loadersKey{}).(loaders) }

// Resolvers are those of the schema. They know nothing of how calls are put together.
type Resolvers struct{ Shop Shop }

func (r Resolvers) Query() QueryResolver   { return queryResolver(r) }
func (r Resolvers) Item() ItemResolver     { return itemResolver{} }
func (r Resolvers) Author() AuthorResolver { return authorResolver{} }

type (
	queryResolver  Resolvers
	itemResolver   struct{}
	authorResolver struct{}
)

func (r queryResolver) Items(ctx context.Context, first int) ([]*Item, error) {
	return r.Shop.Items(ctx, first)
}

func (itemResolver) Author(ctx context.Context, item *Item) (*Author, error) {
	return loadersOf(ctx).author(ctx, item.AuthorID)
}

func (itemResolver) Price(ctx context.Context, item *Item) (*Price, error) {
	return loadersOf(ctx).price(ctx, item.ID)
}

func (authorResolver) Country(ctx context.Context, author *Author) (*Country, error) {
	return loadersOf(ctx).country(ctx, author.CountryCode)
}
