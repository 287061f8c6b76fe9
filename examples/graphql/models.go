package graphql

// Item is one line of the list. Who asks for its author or price has to fetch them.
type Item struct {
	ID, Name string
	AuthorID string
}

type Author struct {
	ID, Name    string
	CountryCode string
}

type Country struct{ Code, Name string }

type Price struct{ Cents int }
