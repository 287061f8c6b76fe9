package resilience

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/asap-go/asap"
)

func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
		g := asap.New(t.Context(), asap.Around(logged(logger.With("request", 7))))
		user := g.Go("user", func(ctx context.Context) (string, error) {
			logOf(ctx).Info("asking", "replica", 2)
			return "Ada", pause(ctx, 10*ms)
		})
		user.Then("cart", func(ctx context.Context, user string) (int, error) {
			pause(ctx, 20*ms)
			return 0, errDown
		})
		g.Do("ads", func(ctx context.Context) error {
			err := pause(ctx, 50*ms)
			pause(context.WithoutCancel(ctx), 5*ms) // so that it ends after cart has
			return err
		})
		g.Map("likes", g.Input("ids", []int{3}), func(ctx context.Context, id int) (int, error) { return id, pause(ctx, 15*ms) })
		if err := g.Wait(); err == nil {
			t.Error("Wait = nil, want the failure of cart")
		}
		const want = `level=INFO msg=asking request=7 task=user replica=2
level=INFO msg=done request=7 task=user took=10ms
level=INFO msg=done request=7 task=likes[0] took=15ms
level=ERROR msg=failed request=7 task=cart took=20ms err="503 service unavailable"
level=INFO msg=canceled request=7 task=ads took=35ms cause="cart: 503 service unavailable"
`
		if got := b.String(); got != want {
			t.Errorf("logged:\n%s\nwant:\n%s", got, want)
		}
	})
}
