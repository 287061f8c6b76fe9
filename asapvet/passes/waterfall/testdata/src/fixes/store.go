// Package fixes has functions whose calls wait for each other without need. They are
// run as they are and as the fix makes them, with every combination of failures.
package fixes

import (
	"context"
	"errors"

	"fixes/dep"
)

type User struct {
	ID   int
	Name string
}

type Quota struct{ Limit int }

type Post struct{ Title string }

// A NotFound is an error that is asked for by its type.
type NotFound struct{ What string }

func (e *NotFound) Error() string { return e.What + " not found" }

func isNotFound(err error) bool {
	_, ok := errors.AsType[*NotFound](err)
	return ok
}

// Store reads what the functions need.
type Store interface {
	//asapvet:read
	GetUser(ctx context.Context, id int) (*User, error)
	//asapvet:read
	GetQuota(ctx context.Context) (Quota, error)
	//asapvet:read
	ListPosts(ctx context.Context, user, limit int) (posts []Post, more bool, err error)
	CountPosts(ctx context.Context, user int) (int, error) //asapvet:read
	//asapvet:read
	Related(ctx context.Context, posts []Post, user *User) ([]Post, error)
	//asapvet:read
	Rank(ctx context.Context, user *User, quota Quota, posts []Post) (float64, error)
	//asapvet:read
	Summary(ctx context.Context, user *User, quota Quota, count int, rank float64) (string, error)
	Teams() dep.Teams
}
