// Package store asks a database.
package store

import (
	"context"
	"database/sql"
)

type User struct{ ID, Name string }

type Store struct{ DB *sql.DB }

const userByID = `
	SELECT id, name
	FROM users
	WHERE id = $1`

func (s *Store) GetUser(ctx context.Context, id string) (*User, error) {
	u := new(User)
	err := s.DB.QueryRowContext(ctx, userByID, id).Scan(&u.ID, &u.Name)
	return u, err
}

func (s *Store) ListOffers(ctx context.Context) ([]string, error) {
	return s.list(ctx, "SELECT title FROM offers")
}

func (s *Store) GetBadge(ctx context.Context, id string) (string, error) {
	list, err := s.list(ctx, "SELECT badge FROM badges WHERE id = "+"$1", id)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0], nil
}

func (s *Store) ListPosts(ctx context.Context, user string) ([]string, error) {
	return s.list(ctx, "SELECT title FROM posts WHERE author = $1", user)
}

func (s *Store) list(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
