package store

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/asap-go/asap/examples/storefront/money"
)

// ListCurrency is the currency of the catalogue's prices.
const ListCurrency = "USD"

// Product is an entry of the catalogue.
type Product struct {
	ID          int         `json:"id"`
	Name        string      `json:"name"`
	Category    string      `json:"category"`
	Finish      string      `json:"finish"`
	Description string      `json:"description"`
	List        money.Money `json:"list"` // the price in the catalogue's currency
}

// User is a customer.
type User struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	Address string `json:"address"`
}

// Catalogue is what nobody changes.
type Catalogue struct {
	Notice   string    // the line that the shop shows to everybody
	Products []Product // by id, from 1
	Users    []User    // by id, from 1
}

// Page returns n products, those after the first n·page. Past the end there
// are none.
func (c *Catalogue) Page(page, n int) []Product {
	return c.Products[min(page*n, len(c.Products)):min(page*n+n, len(c.Products))]
}

// Product returns one product, or a [NotFoundError].
func (c *Catalogue) Product(id int) (Product, error) {
	if id < 1 || id > len(c.Products) {
		return Product{}, &NotFoundError{fmt.Sprint("product ", id)}
	}
	return c.Products[id-1], nil
}

// User returns one user, or a [NotFoundError].
func (c *Catalogue) User(id int) (User, error) {
	if id < 1 || id > len(c.Users) {
		return User{}, &NotFoundError{fmt.Sprint("user ", id)}
	}
	return c.Users[id-1], nil
}

// Users is how many customers there are.
const Users = 1200

// nouns has a noun of the catalogue a line: its category, its name, about how
// many cents it costs, and what is good about it. There is each in every finish.
//
//go:embed nouns.txt
var nouns string

var (
	finishes   = strings.Fields("Moss Clay Ink Ochre Chalk Plum")
	firstNames = strings.Fields("Ada Bela Carla Dora Emil Femi Gita Hugo Ines Jonas Kira Liam Mara Nils Olga Pia Quentin Rosa Sven Tara")
	lastNames  = strings.Fields("Abel Brandt Costa Duarte Eriksen Fontana Garner Haas Ito Jensen Kaya Lang Moreau Novak Okafor")
	streets    = []string{"Mill Lane", "Harbour Street", "Linden Road", "Station Square", "Orchard Way", "Castle Hill", "Bridge Street"}
	towns      = strings.Fields("Aldbrook Bremen Colmar Delft Evora Fredrikstad Graz")
)

// newCatalogue makes a catalogue and the carts of its users.
func newCatalogue(seed uint64) (*Catalogue, map[int][]CartLine) {
	r := rand.New(rand.NewPCG(seed, 1))
	c := &Catalogue{Notice: "Free returns for sixty days. Parcels leave Monday to Saturday before noon."}
	lines := strings.Split(strings.TrimSpace(nouns), "\n")
	for i, k := range r.Perm(len(lines) * len(finishes)) { // so that every page is mixed
		noun, finish := strings.Split(lines[k/len(finishes)], "\t"), finishes[k%len(finishes)]
		cents, _ := strconv.ParseInt(noun[2], 10, 64)
		cents = cents * int64(90+r.IntN(31)) / 100
		article := "A"
		if strings.ContainsRune("AEIOU", rune(noun[1][0])) {
			article = "An"
		}
		c.Products = append(c.Products, Product{i + 1, finish + " " + noun[1], noun[0], finish,
			fmt.Sprintf("%s %s in %s that %s.", article, strings.ToLower(noun[1]), strings.ToLower(finish), noun[3]),
			money.Money{Currency: ListCurrency, Minor: cents - cents%50 - 1}}) // $13.99, $68.49
	}
	carts := make(map[int][]CartLine)
	for i := range Users {
		first, last := firstNames[i%len(firstNames)], lastNames[i/len(firstNames)%len(lastNames)]
		c.Users = append(c.Users, User{i + 1, first + " " + last, strings.ToLower(first+"."+last) + "@example.com",
			fmt.Sprintf("%d %s, %s", 1+r.IntN(140), streets[r.IntN(len(streets))], towns[r.IntN(len(towns))])})
		for _, p := range slices.Sorted(slices.Values(r.Perm(len(c.Products))[:3])) {
			carts[i+1] = append(carts[i+1], CartLine{Product: p + 1, Quantity: 1 + r.IntN(2)})
		}
	}
	return c, carts
}
