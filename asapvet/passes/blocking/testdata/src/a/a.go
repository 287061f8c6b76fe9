package a

import (
	"context"
	"sync"
	"time"

	"github.com/asap-go/asap"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

func blocks(ctx context.Context, mu *sync.Mutex, pool *pgxpool.Pool, l *rate.Limiter, s *singleflight.Group, sem *semaphore.Weighted) error {
	g := asap.New(ctx, asap.Limit(4))
	defer g.Stop()
	g.Do("a", func(ctx context.Context) error {
		time.Sleep(time.Second) // want `task "a" keeps its slot while it waits for a pause; call this in asap.Blocking`
		mu.Lock()               // want `task "a" keeps its slot while it waits for a lock`
		defer mu.Unlock()
		if _, err := pool.Acquire(ctx); err != nil { // want `a connection of a pool`
			return err
		}
		if err := l.Wait(ctx); err != nil { // want `a rate limit`
			return err
		}
		if err := sem.Acquire(ctx, 1); err != nil { // want `a semaphore`
			return err
		}
		_, err, _ := s.Do("key", func() (any, error) { return nil, nil }) // want `the call of another`
		return err
	})
	g.Do("b", func(ctx context.Context) error {
		return asap.Blocking(ctx, func() error {
			mu.Lock()
			defer mu.Unlock()
			time.Sleep(time.Second)
			return nil
		})
	})
	return g.Wait()
}

func unlimited(ctx context.Context, mu *sync.Mutex, ids []int) error {
	g := asap.New(ctx)
	defer g.Stop()
	g.Do("a", func(ctx context.Context) error { time.Sleep(time.Second); return nil })
	g.Map("each", g.Input("ids", ids), func(ctx context.Context, id int) (int, error) {
		mu.Lock() // want `task "each" keeps its slot while it waits for a lock`
		defer mu.Unlock()
		return id, nil
	}, asap.Limit(4))
	return g.Wait()
}
