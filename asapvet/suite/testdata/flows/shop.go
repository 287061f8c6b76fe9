// Package flows has functions that use asap and errgroup as they are meant.
package flows

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

type User struct{ ID, Name string }
type Config struct{ Theme string }
type Profile struct{ Bio string }
type Post struct{ ID, Text string }
type Item struct{ ID string }
type Quote struct{ Cents int }
type Page struct {
	User    User
	Config  Config
	Profile Profile
	Posts   []Post
	Quotes  []Quote
	Ads     []string
}

var errEmpty = errors.New("empty")

func fetchUser(ctx context.Context) (User, error)               { return User{}, ctx.Err() }
func fetchConfig(ctx context.Context) (Config, error)           { return Config{}, ctx.Err() }
func fetchProfile(ctx context.Context, u User) (Profile, error) { return Profile{}, ctx.Err() }
func fetchPosts(ctx context.Context, id string) ([]Post, error) { return nil, ctx.Err() }
func fetchAds(ctx context.Context) ([]string, error)            { return nil, ctx.Err() }
func fetchItems(ctx context.Context) ([]Item, error)            { return nil, ctx.Err() }
func quote(ctx context.Context, it Item) (Quote, error)         { return Quote{}, ctx.Err() }
func cached(key string) (Page, bool)                            { return Page{}, false }
func render(ctx context.Context, u User, c Config) (Page, error) {
	return Page{User: u, Config: c}, ctx.Err()
}
func store(ctx context.Context, p Page) error                          { return ctx.Err() }
func notify(ctx context.Context, u User) error                         { return ctx.Err() }
func mirror(ctx context.Context, host string) (Config, error)          { return Config{}, ctx.Err() }
func count(ctx context.Context, tx *sql.Tx, table string) (int, error) { return 0, ctx.Err() }
func retry(ctx context.Context, task string, body func(context.Context) error) error {
	return body(ctx)
}

const short = 50 * time.Millisecond

func openTx() *sql.Tx { return nil }
