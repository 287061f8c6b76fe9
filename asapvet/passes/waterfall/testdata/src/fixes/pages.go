package fixes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
)

// Two calls that need nothing of each other.
func Two(ctx context.Context, s Store, id int) (string, error) {
	// The user is what the page is about.
	user, err := s.GetUser(ctx, id) // want `GetQuota does not need GetUser: 2 of 2 calls can start at once \(levels 2 → 1\)`
	if err != nil {
		return "", fmt.Errorf("user %d: %w", id, err)
	}

	quota, err := s.GetQuota(ctx) // of all users
	if err != nil {
		slog.ErrorContext(ctx, "no quota", "error", err)
		return "", err
	}
	return fmt.Sprint(user.Name, quota.Limit), nil
}

// Chain has a call that needs the first, and has two values.
func Chain(ctx context.Context, s Store, id int) (string, error) {
	user, err := s.GetUser(ctx, id) // want `GetQuota does not need GetUser: 2 of 3 calls can start at once \(levels 3 → 2\)`
	if err != nil {
		return "", err
	}
	slog.InfoContext(ctx, "user", "name", user.Name)
	posts, more, err := s.ListPosts(ctx, user.ID, 10)
	if err != nil {
		return "", fmt.Errorf("posts of %s: %w", user.Name, err)
	}
	quota, err := s.GetQuota(ctx)
	if err != nil {
		return "", errors.Join(err, errors.New("after the posts"))
	}
	return fmt.Sprint(user.Name, len(posts), more, quota.Limit), nil
}

// Levels has three of them, and calls that need two, three and four others.
func Levels(ctx context.Context, s Store, id int) (string, error) {
	user, err := s.GetUser(ctx, id) // want `GetQuota does not need GetUser: 3 of 7 calls can start at once \(levels 7 → 4\)`
	if err != nil {
		return "", err
	}
	quota, err := s.GetQuota(ctx)
	if err != nil {
		return "", err
	}
	count, err := s.CountPosts(ctx, id)
	if err != nil {
		return "", err
	}
	posts, _, err := s.ListPosts(ctx, user.ID, quota.Limit)
	if err != nil {
		return "", err
	}
	related, err := s.Related(ctx, posts, user)
	if err != nil {
		return "", err
	}
	rank, err := s.Rank(ctx, user, quota, posts)
	if err != nil {
		return "", err
	}
	text, err := s.Summary(ctx, user, quota, count, rank)
	if err != nil {
		return "", fmt.Errorf("summary: %w", err)
	}
	return fmt.Sprint(text, len(related)), nil
}

// Handle has the context of a request, and checks that are more than one.
func Handle(w http.ResponseWriter, r *http.Request, s Store) error {
	user, err := s.GetUser(r.Context(), 7) // want `GetQuota does not need GetUser: 2 of 2 calls can start at once \(levels 2 → 1\)`
	if isNotFound(err) {
		http.Error(w, "no user", http.StatusNotFound)
		return nil
	} else if err != nil {
		return err
	}
	quota, err := s.GetQuota(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return err
	}
	fmt.Fprintln(w, user.Name, quota.Limit)
	return nil
}

// Nested has its calls in a block, with variables of the function, and a name that the
// fix would take.
func Nested(ctx context.Context, s Store, ids []int) (total int, err error) {
	g := len(ids)
	var user *User
	switch {
	case g > 0:
		user, err = s.GetUser( // want `CountPosts does not need GetUser: 2 of 2 calls can start at once \(levels 2 → 1\)`
			ctx,
			ids[0], // the first
		)
		if err != nil {
			return 0, err
		}
		// Then how many.
		total, err = s.CountPosts(ctx, ids[g-1])
		if err != nil {
			return 0, err
		}
		total += user.ID
	}
	return total, nil
}

// Page is filled by Fields.
type Page struct {
	User  *User
	Quota Quota
	Posts []Post
	More  bool
	Count int
}

// Fields has its calls in the headers of ifs, and assigns to fields.
func Fields(ctx context.Context, s Store, id int) (string, error) {
	var p Page
	var err error
	if p.User, err = s.GetUser(ctx, id); err != nil { // want `GetQuota does not need GetUser: 4 of 4 calls can start at once \(levels 4 → 1\)`
		return "", fmt.Errorf("user %d: %w", id, err)
	}
	// The quota is of all users.
	if p.Quota, err = s.GetQuota(ctx); err != nil {
		return "", err
	}
	if p.Posts, p.More, err = s.ListPosts(ctx, id, 10); isNotFound(err) {
		slog.InfoContext(ctx, "no posts")
		return "", nil
	} else if err != nil {
		return "", err
	}
	if p.Count, err = s.CountPosts(ctx, id); err != nil {
		return "", fmt.Errorf("count: %w", err)
	}
	return fmt.Sprint(p.User.Name, p.Quota.Limit, len(p.Posts), p.More, p.Count), nil
}

// Headers declares in the headers of ifs, and uses that in their else.
func Headers(ctx context.Context, s Store, id int) (string, error) {
	name, limit := "", 0
	if user, err := s.GetUser(ctx, id); err != nil { // want `GetQuota does not need GetUser: 2 of 3 calls can start at once \(levels 3 → 2\)`
		return "", err
	} else {
		name = user.Name
	}
	if quota, err := s.GetQuota(ctx); err != nil {
		return "", fmt.Errorf("quota: %w", err)
	} else {
		limit = quota.Limit
	}
	posts, more, err := s.ListPosts(ctx, id, limit)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(name, limit, len(posts), more), nil
}

// Kinds asks for kinds of errors before it asks for any.
func Kinds(ctx context.Context, s Store, id int) (string, error) {
	user, err := s.GetUser(ctx, id) // want `GetQuota does not need GetUser: 3 of 3 calls can start at once \(levels 3 → 1\)`
	if isNotFound(err) {
		return "nobody", nil
	}
	if err != nil {
		return "", err
	}
	quota, err := s.GetQuota(ctx)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "late", err
	case err != nil:
		return "", fmt.Errorf("quota: %w", err)
	}
	posts, ok, err := s.ListPosts(ctx, id, 3)
	if err != nil {
		return "", err
	}
	if !ok {
		return user.Name, nil
	}
	return fmt.Sprint(user.Name, quota.Limit, len(posts)), nil
}

// Exists leaves if there is none.
func Exists(ctx context.Context, s Store, id int) (string, error) {
	posts, exists, err := s.ListPosts(ctx, id, 3) // want `CountPosts does not need ListPosts: 2 of 2 calls can start at once \(levels 2 → 1\)`
	if err != nil {
		return "", err
	}
	if !exists {
		return "none", nil
	}
	n, err := s.CountPosts(ctx, id)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(len(posts), n), nil
}

// Kept is as Two, and stays.
func Kept(ctx context.Context, s Store, id int) (string, error) {
	//asapvet:ignore waterfall the two are never both slow
	user, err := s.GetUser(ctx, id)
	if err != nil {
		return "", err
	}
	quota, err := s.GetQuota(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(user.Name, quota.Limit), nil
}
