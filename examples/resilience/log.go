package resilience

import (
	"context"
	"log/slog"
	"time"
)

// logged logs each body by the name of its task, and gives it a logger that has that
// name already. As an option of a group it is one line for all of its tasks.
func logged(logger *slog.Logger) around {
	return func(ctx context.Context, task string, body func(context.Context) error) error {
		log := logger.With("task", task)
		began := time.Now()
		err := body(context.WithValue(ctx, loggerKey{}, log))
		took := slog.Duration("took", time.Since(began))
		switch {
		case err == nil:
			log.LogAttrs(ctx, slog.LevelInfo, "done", took)
		case ctx.Err() != nil: // the group has ended: it is told what for
			log.LogAttrs(ctx, slog.LevelInfo, "canceled", took, slog.Any("cause", context.Cause(ctx)))
		default:
			log.LogAttrs(ctx, slog.LevelError, "failed", took, slog.Any("err", err))
		}
		return err
	}
}

type loggerKey struct{}

// logOf returns the logger of the body of ctx.
func logOf(ctx context.Context) *slog.Logger {
	if log, ok := ctx.Value(loggerKey{}).(*slog.Logger); ok {
		return log
	}
	return slog.Default()
}
