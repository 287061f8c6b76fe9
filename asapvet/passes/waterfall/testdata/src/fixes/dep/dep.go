// Package dep has what the other package does not import everywhere.
package dep

import "context"

// Team is a type that a file can have without its import.
type Team struct {
	ID   int
	Name string
}

// Teams reads teams.
type Teams interface {
	//asapvet:read
	Team(ctx context.Context, id int) (*Team, error)
	//asapvet:read
	Members(ctx context.Context, id int) (map[string]*Team, error)
}

// Store has some.
type Store interface{ Teams() Teams }
