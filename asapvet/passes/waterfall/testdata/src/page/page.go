// Package page is about the edits of a fix.
package page

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
)

type User struct {
	ID   int
	Name string
}

type Quota struct{ Limit int }

type Post struct{ Title string }

type Page struct {
	User  *User
	Quota *Quota
	Posts []Post
	More  bool
}

type store struct{ db *sql.DB }

func (s *store) GetUser(ctx context.Context, id int) (*User, error) {
	u := &User{ID: id}
	return u, s.db.QueryRowContext(ctx, "SELECT name FROM users WHERE id = ?", id).Scan(&u.Name)
}

func (s *store) GetQuota(ctx context.Context) (*Quota, error) {
	c := new(Quota)
	return c, s.db.QueryRowContext(ctx, "SELECT limits FROM quota").Scan(&c.Limit)
}

func (s *store) ListPosts(ctx context.Context, user, limit int) ([]Post, bool, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT title FROM posts WHERE author = ?", user)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	var posts []Post
	for rows.Next() {
		var p Post
		if err := rows.Scan(&p.Title); err != nil {
			return nil, false, err
		}
		posts = append(posts, p)
	}
	return posts, len(posts) == limit, rows.Err()
}

func (s *store) page(ctx context.Context, id int) (*Page, error) {
	// The user first.
	user, err := s.GetUser(ctx, id) // want `GetQuota does not need GetUser: 2 of 3 calls can start at once \(levels 3 → 2\)`
	if err != nil {
		return nil, fmt.Errorf("user %d: %w", id, err)
	}
	slog.InfoContext(ctx, "user", "name", user.Name)

	quota, err := s.GetQuota(ctx) // of all
	if err != nil {
		return nil, err
	}
	posts, more, err := s.ListPosts(ctx, user.ID, 10)
	if err != nil {
		return nil, fmt.Errorf("posts: %w", err)
	}
	return &Page{user, quota, posts, more}, nil
}
