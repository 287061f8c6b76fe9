package a

import (
	"context"
	"database/sql"

	"github.com/asap-go/asap"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"
	"xorm.io/xorm"
)

func use(ctx context.Context, tx any) error { return ctx.Err() }

func transactions(ctx context.Context, tx *sql.Tx, px pgx.Tx, pool *pgxpool.Pool, db *sql.DB, conn *pgx.Conn, s *xorm.Session) error {
	g := asap.New(ctx)
	defer g.Stop()
	g.Do("a", func(ctx context.Context) error {
		_ = use(ctx, pool)
		_ = use(ctx, db)
		_ = px.Commit(ctx)
		_ = s.Close()
		_ = conn.Exec(ctx, "a")
		return use(ctx, tx)
	})
	g.Do("b", func(ctx context.Context) error {
		_ = use(ctx, pool)
		_ = use(ctx, db)
		_ = px.Commit(ctx)      // want `px is used by task "a" and task "b" at the same time; a transaction is not for concurrent use`
		_ = s.Close()           // want `s is used by task "a" and task "b" at the same time; a session`
		_ = conn.Exec(ctx, "b") // want `conn is used by task "a" and task "b" at the same time; a connection`
		return use(ctx, tx)     // want `tx is used by task "a" and task "b" at the same time; a transaction`
	})
	return g.Wait()
}

func each(ctx context.Context, tx *sql.Tx, ids []int) error {
	g := asap.New(ctx)
	defer g.Stop()
	g.Map("each", g.Input("ids", ids), func(ctx context.Context, id int) (int, error) {
		return id, use(ctx, tx) // want `tx is used by task "each", which runs several times at once`
	})
	return g.Wait()
}

func gormed(ctx context.Context, db *gorm.DB) error {
	tx := db.Begin()
	g := asap.New(ctx)
	defer g.Stop()
	g.Do("a", func(ctx context.Context) error { db.Find(1); return tx.Find(1).Error })
	g.Do("b", func(ctx context.Context) error { db.Find(2); return tx.Find(2).Error }) // want `tx is used by task "a" and task "b"`
	if err := g.Wait(); err != nil {
		return err
	}
	return db.Transaction(func(tx *gorm.DB) error {
		g := asap.New(ctx)
		defer g.Stop()
		g.Do("a", func(ctx context.Context) error { return tx.Find(1).Error })
		g.Do("b", func(ctx context.Context) error { return tx.Find(2).Error }) // want `tx is used by task "a" and task "b"`
		return g.Wait()
	})
}

func ordered(ctx context.Context, tx *sql.Tx, db *sql.DB) error {
	g := asap.New(ctx)
	defer g.Stop()
	a := g.Do("a", func(ctx context.Context) error { return use(ctx, tx) })
	g.Do("b", func(ctx context.Context) error { return use(ctx, tx) }, asap.After(a))
	g.Do("own", func(ctx context.Context) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		return use(ctx, tx)
	})
	return g.Wait()
}
