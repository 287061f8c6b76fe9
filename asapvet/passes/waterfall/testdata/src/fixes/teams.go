package fixes

import "context"

// TeamPage is in a file that lacks imports.
func TeamPage(ctx context.Context, s Store, id int) (string, error) {
	team, err := s.Teams().Team(ctx, id) // want `Members does not need Team: 2 of 2 calls can start at once \(levels 2 → 1\)`
	if err != nil {
		return "", err
	}
	members, err := s.Teams().Members(ctx, id)
	if err != nil {
		return "", err
	}
	return team.Name + members["x"].Name, nil
}
