// Package docs has the page of docs/asapvet.md, and what the fix makes of it.
package docs

import "context"

type (
	User  struct{ ID int }
	Quota struct{ Limit int }
	Post  struct{ Title string }
	Page  struct {
		User  *User
		Quota *Quota
		Posts []Post
	}
)

type Store interface {
	//asapvet:read
	GetUser(ctx context.Context, id int) (*User, error)
	//asapvet:read
	GetQuota(ctx context.Context) (*Quota, error)
	//asapvet:read
	ListPosts(ctx context.Context, user int) ([]Post, error)
}

var _ = page
