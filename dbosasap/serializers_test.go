package dbosasap_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
)

// sealed is a serializer that encrypts.
type sealed struct{ cipher.AEAD }

func newSealed(t *testing.T) sealed {
	t.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return sealed{aead}
}

func (sealed) Name() string { return "sealed" }

func (s sealed) Encode(v any) (*string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, s.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	text := base64.StdEncoding.EncodeToString(s.Seal(nonce, nonce, data, nil))
	return &text, nil
}

func (s sealed) Decode(text *string) (v any, err error) {
	if text == nil {
		return nil, nil
	}
	data, err := base64.StdEncoding.DecodeString(*text)
	if err != nil {
		return nil, err
	}
	if data, err = s.Open(nil, data[:s.NonceSize()], data[s.NonceSize():], nil); err != nil {
		return nil, err
	}
	return v, json.Unmarshal(data, &v)
}

// uploaded leaves a claim in the database, and keeps what it is for.
type uploaded struct {
	mu   sync.Mutex
	kept map[string]any
}

func (*uploaded) Name() string { return "uploaded" }

func (u *uploaded) Encode(v any) (*string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	claim := fmt.Sprint("claim ", len(u.kept))
	u.kept[claim] = v
	return &claim, nil
}

func (u *uploaded) Decode(claim *string) (any, error) {
	if claim == nil {
		return nil, nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	v, ok := u.kept[*claim]
	if !ok {
		return nil, fmt.Errorf("no such claim: %s", *claim)
	}
	return v, nil
}

// picky refuses to write what has a word in it.
type picky struct {
	dbos.Serializer[any]
	word string
}

func (p picky) Encode(v any) (*string, error) {
	if text, ok := v.(string); ok && strings.Contains(text, p.word) {
		return nil, errors.New("the store is full")
	}
	return p.Serializer.Encode(v)
}

var serializers = []struct {
	name string
	make func(t *testing.T) dbos.Serializer[any]
}{
	{"uploaded", func(*testing.T) dbos.Serializer[any] { return &uploaded{kept: make(map[string]any)} }},
	{"sealed", func(t *testing.T) dbos.Serializer[any] { return newSealed(t) }},
	{"gob", func(*testing.T) dbos.Serializer[any] { return dbos.NewGobSerializer() }},
	{"default", func(*testing.T) dbos.Serializer[any] { return nil }},
}

// under makes a Runtime whose database has the serializer.
func under(t *testing.T, s dbos.Serializer[any], register ...func(*dbosasap.Runtime) error) *dbosasap.Runtime {
	t.Helper()
	d, err := dbos.NewContext(t.Context(), dbos.Config{AppName: "test", Logger: slog.Default(), DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "flows.db"), Serializer: s})
	if err != nil {
		t.Fatal(err)
	}
	rt := dbosasap.New(d)
	for _, r := range register {
		if err := r(rt); err != nil {
			t.Fatal(err)
		}
	}
	if err := rt.Launch(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Shutdown(10 * time.Second) })
	return rt
}

// The rules hold whatever the serializer of the database is, and random flows give what
// they give in the process.
func TestUnderSerializers(t *testing.T) {
	n := 60
	if testing.Short() {
		n = 10
	}
	for _, s := range serializers[:3] {
		t.Run(s.name, func(t *testing.T) {
			cases := randomCases(n)
			rt := under(t, s.make(t), func(rt *dbosasap.Runtime) error {
				for _, c := range cases {
					if err := dbosasap.Register(rt, c.Flow); err != nil {
						return err
					}
				}
				for _, f := range append(asaptest.Flows(), asaptest.RunningFlows()...) {
					if err := dbosasap.Register(rt, f); err != nil {
						return err
					}
				}
				return nil
			})
			for _, c := range cases {
				if err := c.Check(dbosasap.Run(within(t, time.Minute), rt, c.Flow, c.In)); err != nil {
					t.Error(err)
				}
			}
			asaptest.TestEngine(t, func(ctx context.Context, f *flow.Flow[int, string], in int) (string, error) {
				return dbosasap.Run(ctx, rt, f, in)
			})
		})
	}
}

// thirteen encodes itself, and refuses to be decoded if it is 13.
type thirteen struct{ N int }

func (p thirteen) MarshalJSON() ([]byte, error) { return []byte(fmt.Sprint(p.N)), nil }
func (p *thirteen) UnmarshalJSON(data []byte) error {
	if p.N, _ = strconv.Atoi(string(data)); p.N == 13 {
		return errors.New("13 is no number")
	}
	return nil
}

// What cannot be kept or read is a final error of its task, whatever the serializer is,
// where the body runs and how often it may; and what is large is what it was.
func TestValuesUnderSerializers(t *testing.T) {
	var ran atomic.Int32
	size := 1 << 19 // 2.5 MB
	if testing.Short() {
		size = 1 << 14
	}
	large := strings.Repeat("ä<&\n", size)
	number := func(_ *asap.Group, in *asap.Task[int], body func() (float64, error)) *asap.Task[string] {
		return in.Then("make", func(context.Context, int) (float64, error) { ran.Add(1); return body() }).
			Then("take", func(_ context.Context, f float64) (string, error) { return fmt.Sprint(f), nil })
	}
	values := []struct {
		name  string
		build func(g *asap.Group, in *asap.Task[int]) *asap.Task[string]
		want  string // of an error, or the value
	}{
		{"NaN", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
			return number(g, in, func() (float64, error) { return math.NaN(), nil })
		}, "make: its value cannot be kept: "},
		{"an exit of NaN", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
			exit := g.NewExit[float64]()
			return number(g, in, func() (float64, error) { return 0, exit.With(math.NaN()) })
		}, "make: the value of its exit cannot be kept: "},
		{"what cannot be read", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
			return in.Then("make", func(context.Context, int) (thirteen, error) { ran.Add(1); return thirteen{13}, nil }).
				Then("take", func(_ context.Context, p thirteen) (string, error) { return fmt.Sprint(p), nil })
		}, "make: its value cannot be read from the database: 13 is no number"},
		{"a large one", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
			return in.Then("make", func(context.Context, int) (string, error) { ran.Add(1); return large, nil }).
				Then("take", func(_ context.Context, s string) (string, error) { return fmt.Sprint(s == large), nil })
		}, "true"},
		{"a large error", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
			return number(g, in, func() (float64, error) { return 0, errors.New(large) })
		}, "make: ä<&"},
	}
	retry := dbosasap.Retry(dbosasap.RetryPolicy{Attempts: 3, First: time.Millisecond, Final: func(err error) bool { return err != nil && len(err.Error()) > size }})
	kinds := map[string][]dbosasap.TaskOption{"step": nil, "retried": {retry}, "queue": {retry, dbosasap.Queue("makers")}}
	for _, s := range serializers {
		t.Run(s.name, func(t *testing.T) {
			var flows []*flow.Flow[int, string]
			rt := under(t, s.make(t), func(rt *dbosasap.Runtime) error {
				for _, v := range values {
					for kind, options := range kinds {
						f := flow.Define(v.name+" "+kind, v.build)
						flows = append(flows, f)
						if err := dbosasap.Register(rt, f, dbosasap.Task("make", options...)); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if _, err := dbos.RegisterQueue(rt.DBOS(), "makers", dbos.WithQueueBasePollingInterval(10*time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			for i, f := range flows {
				ran.Store(0)
				got, err := dbosasap.Run(within(t, time.Minute), rt, f, 1)
				want := values[i/len(kinds)].want
				if te, ok := errors.AsType[*asap.TaskError](err); err == nil && got != want || err != nil && (!ok || te.Task != "make" || !strings.HasPrefix(err.Error(), want)) {
					t.Errorf("Run of flow %s = %.40q, %.200v, want %q", f.Name(), got, err, want)
				}
				if n := ran.Load(); n != 1 {
					t.Errorf("the body of flow %s ran %d times, want once", f.Name(), n)
				}
			}
		})
	}
}

// What the serializer refuses ends the flow with an error that names the task, and the
// body has run once.
func TestSerializerRefuses(t *testing.T) {
	var ran atomic.Int32
	f := flow.Define("upload", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		return in.Then("make", func(context.Context, int) (string, error) { ran.Add(1); return "xyzzy", nil }).
			Then("take", func(_ context.Context, s string) (string, error) { return s, nil })
	})
	for kind, options := range map[string][]dbosasap.TaskOption{"step": nil, "queue": {dbosasap.Queue("makers")}} {
		t.Run(kind, func(t *testing.T) {
			ran.Store(0)
			rt := under(t, picky{dbos.NewGobSerializer(), "xyzzy"}, serve(f, dbosasap.Task("make", options...)))
			if _, err := dbos.RegisterQueue(rt.DBOS(), "makers", dbos.WithQueueBasePollingInterval(10*time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			got, err := dbosasap.Run(within(t, time.Minute), rt, f, 1)
			if err == nil || !strings.Contains(err.Error(), "make") || !strings.Contains(err.Error(), "the store is full") || ran.Load() != 1 {
				t.Errorf("Run = %q, %v after %d calls, want an error of make after one", got, err, ran.Load())
			}
		})
	}
}
