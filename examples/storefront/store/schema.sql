CREATE TABLE IF NOT EXISTS products (
	id          INTEGER PRIMARY KEY,
	name        TEXT NOT NULL,
	category    TEXT NOT NULL,
	finish      TEXT NOT NULL,
	description TEXT NOT NULL,
	price_minor INTEGER NOT NULL CHECK (price_minor > 0) -- US cents
);

CREATE TABLE IF NOT EXISTS users (
	id      INTEGER PRIMARY KEY,
	name    TEXT NOT NULL,
	email   TEXT NOT NULL,
	address TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS notices (
	id   INTEGER PRIMARY KEY,
	text TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS cart_lines (
	user_id    INTEGER NOT NULL REFERENCES users,
	product_id INTEGER NOT NULL REFERENCES products,
	quantity   INTEGER NOT NULL CHECK (quantity > 0),
	PRIMARY KEY (user_id, product_id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS orders (
	id             TEXT PRIMARY KEY,
	user_id        INTEGER NOT NULL REFERENCES users,
	currency       TEXT NOT NULL,
	done           INTEGER NOT NULL DEFAULT 0,
	shipping_minor INTEGER NOT NULL DEFAULT 0,
	total_minor    INTEGER NOT NULL DEFAULT 0,
	payment        TEXT NOT NULL DEFAULT '',
	tracking       TEXT NOT NULL DEFAULT '',
	mail           TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS order_lines (
	order_id    TEXT NOT NULL REFERENCES orders,
	product_id  INTEGER NOT NULL REFERENCES products,
	quantity    INTEGER NOT NULL CHECK (quantity > 0),
	price_minor INTEGER NOT NULL DEFAULT 0, -- of all pieces, in the order's currency
	PRIMARY KEY (order_id, product_id)
) WITHOUT ROWID;
