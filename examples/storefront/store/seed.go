package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// How much a new shop holds. The catalogue has every noun in every finish.
const (
	Users      = 400
	pastOrders = 500
	cartLines  = 3
)

type noun struct {
	category, name, praise string
	cents                  int // about what it costs
}

var nouns = []noun{
	{"kitchen", "Mug", "holds a proper breakfast tea and sits well in both hands", 1400},
	{"kitchen", "Kettle", "boils quietly and pours without a drip", 6900},
	{"kitchen", "Bowl", "is wide enough for soup and deep enough for seconds", 2200},
	{"kitchen", "Chopping Board", "stays where it is put and forgives a sharp knife", 3400},
	{"kitchen", "Pepper Mill", "grinds from dust to gravel with a quarter turn", 2900},
	{"lighting", "Desk Lamp", "lights the page and leaves the room alone", 8900},
	{"lighting", "Pendant", "hangs low over a table and makes people stay", 12900},
	{"lighting", "Lantern", "keeps its flame in a wind that takes hats", 4500},
	{"lighting", "Floor Lamp", "stands in the corner that every room has", 15900},
	{"lighting", "Night Light", "shows the stairs and wakes nobody", 1900},
	{"seating", "Stool", "is a seat, a step and, with a book on it, a table", 5900},
	{"seating", "Armchair", "has arms at the height of a newspaper", 34900},
	{"seating", "Bench", "seats three who like each other", 21900},
	{"seating", "Rocker", "moves exactly as far as it should", 28900},
	{"seating", "Cushion", "keeps its shape longer than you keep yours", 2600},
	{"storage", "Basket", "carries firewood on Friday and laundry on Monday", 3900},
	{"storage", "Shelf", "bears a metre of books without a bow", 7400},
	{"storage", "Crate", "stacks four high and opens at the front", 2800},
	{"storage", "Hook Rail", "gives seven coats a home", 3200},
	{"storage", "Cabinet", "closes with a sound that you will close it for", 42900},
	{"desk", "Notebook", "lies flat from the first page to the last", 1200},
	{"desk", "Pen Pot", "is heavy enough not to follow the pen", 1600},
	{"desk", "Clock", "tells the time and nothing else", 5400},
	{"desk", "Tray", "is where the keys are", 2400},
	{"desk", "Bookend", "holds the line on the left", 2100},
	{"garden", "Planter", "drains as it should and does not mind frost", 4800},
	{"garden", "Watering Can", "has a rose fine enough for seedlings", 3600},
	{"garden", "Trowel", "goes through clay and fits a small hand", 1800},
	{"garden", "Bird House", "has a door of exactly twenty-eight millimetres", 2700},
	{"garden", "Deck Chair", "folds flat the first time, every time", 9900},
	{"textiles", "Throw", "is warm without being heavy", 7900},
	{"textiles", "Towel", "dries you, then itself", 2300},
	{"textiles", "Rug", "hides crumbs and shows colours", 18900},
	{"textiles", "Curtain", "keeps out the street lamp and lets in the morning", 6400},
	{"textiles", "Apron", "has a pocket for the phone and a loop for the towel", 3100},
	{"bath", "Soap Dish", "drains to the back and wipes clean", 1300},
	{"bath", "Mirror", "hangs straight and flatters nobody", 8400},
	{"bath", "Bath Mat", "is thick where feet land", 3700},
	{"bath", "Towel Ring", "takes two towels if they are friendly", 2500},
	{"bath", "Toothbrush Cup", "comes apart for the dishwasher", 1100},
}

var finishes = []string{"Moss", "Clay", "Ink", "Ochre", "Chalk", "Plum"}

var (
	firstNames = strings.Fields("Ada Bela Carla Dora Emil Femi Gita Hugo Ines Jonas Kira Liam Mara Nils Olga Pia Quentin Rosa Sven Tara")
	lastNames  = strings.Fields("Abel Brandt Costa Duarte Eriksen Fontana Garner Haas Ito Jensen Kaya Lang Moreau Novak Okafor")
	streets    = []string{"Mill Lane", "Harbour Street", "Linden Road", "Station Square", "Orchard Way", "Castle Hill", "Bridge Street"}
	towns      = []string{"Aldbrook", "Bremen", "Colmar", "Delft", "Evora", "Fredrikstad", "Graz"}
)

// fill writes a shop that is a function of the seed alone.
func fill(ctx context.Context, tx *sql.Tx, seed uint64) error {
	f := &filler{ctx: ctx, tx: tx, r: rand.New(rand.NewPCG(seed, 1)), prepared: make(map[string]*sql.Stmt)}
	f.products()
	f.users()
	f.orders()
	f.exec(`INSERT INTO notices (text) VALUES (?)`, "Free returns for sixty days. Parcels leave Monday to Saturday before noon.")
	return f.err
}

type filler struct {
	ctx    context.Context
	tx     *sql.Tx
	r      *rand.Rand
	finish []int // index of the finish, by product id - 1

	prepared map[string]*sql.Stmt // by query
	err      error                // the first one; afterwards nothing is done
}

func (f *filler) exec(query string, args ...any) {
	if f.err != nil {
		return
	}
	stmt := f.prepared[query]
	if stmt == nil {
		if stmt, f.err = f.tx.PrepareContext(f.ctx, query); f.err != nil {
			return
		}
		f.prepared[query] = stmt // the transaction closes it
	}
	_, f.err = stmt.ExecContext(f.ctx, args...)
}

// products are shuffled, so that every page of the catalogue is mixed.
func (f *filler) products() {
	for id, k := range f.r.Perm(len(nouns) * len(finishes)) {
		n, fin := nouns[k/len(finishes)], k%len(finishes)
		cents := n.cents * (90 + f.r.IntN(31)) / 100
		cents -= cents%50 + 1 // $13.99, $68.49
		f.finish = append(f.finish, fin)
		f.exec(`INSERT INTO products (id, name, category, finish, description, price_minor) VALUES (?, ?, ?, ?, ?, ?)`,
			id+1, finishes[fin]+" "+n.name, n.category, finishes[fin],
			fmt.Sprintf("%s in %s that %s.", article(strings.ToLower(n.name)), strings.ToLower(finishes[fin]), n.praise), cents)
	}
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "An " + noun
	}
	return "A " + noun
}

func (f *filler) users() {
	for id := 1; id <= Users; id++ {
		first, last := firstNames[(id-1)%len(firstNames)], lastNames[(id-1)/len(firstNames)%len(lastNames)]
		f.exec(`INSERT INTO users (id, name, email, address) VALUES (?, ?, ?, ?)`,
			id, first+" "+last, strings.ToLower(first+"."+last)+"@example.com",
			fmt.Sprintf("%d %s, %s", 1+f.r.IntN(140), streets[f.r.IntN(len(streets))], towns[f.r.IntN(len(towns))]))
		for _, p := range f.some(cartLines) {
			f.exec(`INSERT INTO cart_lines (user_id, product_id, quantity) VALUES (?, ?, ?)`, id, p, 1+f.r.IntN(2))
		}
	}
}

func (f *filler) orders() {
	for i := range pastOrders {
		id := fmt.Sprintf("past-%04d", i+1)
		f.exec(`INSERT INTO orders (id, user_id, currency, done) VALUES (?, ?, ?, 1)`, id, 1+f.r.IntN(Users), ListCurrency)
		for _, p := range f.some(2 + f.r.IntN(3)) {
			f.exec(`INSERT INTO order_lines (order_id, product_id, quantity, price_minor)
			        SELECT ?, id, 1, price_minor FROM products WHERE id = ?`, id, p)
			f.exec(`UPDATE orders SET total_minor = total_minor + (SELECT price_minor FROM products WHERE id = ?) WHERE id = ?`, p, id)
		}
	}
}

// some picks n different products, most of them in the finish of the first:
// people furnish in one colour, and recommendations can learn that.
func (f *filler) some(n int) []int {
	picked := []int{1 + f.r.IntN(len(f.finish))}
	for len(picked) < n {
		p := 1 + f.r.IntN(len(f.finish))
		if f.finish[p-1] != f.finish[picked[0]-1] && f.r.IntN(4) > 0 || slices.Contains(picked, p) {
			continue
		}
		picked = append(picked, p)
	}
	return picked
}
