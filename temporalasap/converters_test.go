package temporalasap_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/randomflow"
	"github.com/asap-go/asap/temporalasap"
)

// sealed encrypts what the default converter makes.
func sealed() converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), &sealer{newGCM()})
}

func newGCM() cipher.AEAD {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm
}

type sealer struct{ gcm cipher.AEAD }

const sealedEncoding = "binary/sealed"

func (s *sealer) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	var out []*commonpb.Payload
	for _, p := range payloads {
		data, err := proto.Marshal(p)
		if err != nil {
			return nil, err
		}
		nonce := make([]byte, s.gcm.NonceSize())
		_, _ = rand.Read(nonce)
		out = append(out, &commonpb.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte(sealedEncoding)}, Data: s.gcm.Seal(nonce, nonce, data, nil)})
	}
	return out, nil
}

func (s *sealer) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	var out []*commonpb.Payload
	for _, p := range payloads {
		if string(p.Metadata[converter.MetadataEncoding]) != sealedEncoding {
			return nil, errors.New("not sealed")
		}
		n := s.gcm.NonceSize()
		data, err := s.gcm.Open(nil, p.Data[:n], p.Data[n:], nil)
		if err != nil {
			return nil, err
		}
		var back commonpb.Payload
		if err := proto.Unmarshal(data, &back); err != nil {
			return nil, err
		}
		out = append(out, &back)
	}
	return out, nil
}

// gobbed encodes by encoding/gob, and knows nothing else.
type gobbed struct{}

func (gobbed) ToPayload(v any) (*commonpb.Payload, error) {
	var data bytes.Buffer
	if v != nil {
		if err := gob.NewEncoder(&data).Encode(v); err != nil {
			return nil, err
		}
	}
	return &commonpb.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte("binary/gob")}, Data: data.Bytes()}, nil
}

func (gobbed) FromPayload(p *commonpb.Payload, v any) error {
	if string(p.GetMetadata()[converter.MetadataEncoding]) != "binary/gob" {
		return fmt.Errorf("no gob: %v", p)
	}
	if len(p.Data) == 0 {
		return nil
	}
	return gob.NewDecoder(bytes.NewReader(p.Data)).Decode(v)
}

func (g gobbed) ToPayloads(all ...any) (*commonpb.Payloads, error) {
	out := &commonpb.Payloads{}
	for _, v := range all {
		p, err := g.ToPayload(v)
		if err != nil {
			return nil, err
		}
		out.Payloads = append(out.Payloads, p)
	}
	return out, nil
}

func (g gobbed) FromPayloads(all *commonpb.Payloads, into ...any) error {
	for i, p := range all.GetPayloads() {
		if i == len(into) {
			break
		}
		if err := g.FromPayload(p, into[i]); err != nil {
			return err
		}
	}
	return nil
}

func (gobbed) ToString(p *commonpb.Payload) string { return fmt.Sprintf("%x", p.GetData()) }
func (g gobbed) ToStrings(all *commonpb.Payloads) (out []string) {
	for _, p := range all.GetPayloads() {
		out = append(out, g.ToString(p))
	}
	return out
}

// uploaded leaves a claim in the payload, and keeps the data.
func uploaded() converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), &cloakroom{kept: make(map[string][]byte)})
}

type cloakroom struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (c *cloakroom) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*commonpb.Payload
	for _, p := range payloads {
		data, err := proto.Marshal(p)
		if err != nil {
			return nil, err
		}
		claim := fmt.Sprint("claim ", len(c.kept))
		c.kept[claim] = data
		out = append(out, &commonpb.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte("text/claim")}, Data: []byte(claim)})
	}
	return out, nil
}

func (c *cloakroom) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*commonpb.Payload
	for _, p := range payloads {
		var back commonpb.Payload
		if err := proto.Unmarshal(c.kept[string(p.Data)], &back); err != nil {
			return nil, err
		}
		out = append(out, &back)
	}
	return out, nil
}

var converters = []struct {
	name string
	make func() converter.DataConverter
}{
	{"sealed", sealed},
	{"gob", func() converter.DataConverter { return gobbed{} }},
	{"uploaded", uploaded},
	{"default", converter.GetDefaultDataConverter},
}

// under registers f in environments whose client has the converter.
func under[In, Out any](dc converter.DataConverter, f *flow.Flow[In, Out], options ...temporalasap.Option) *envClient {
	return &envClient{
		prepare: func(env *testsuite.TestWorkflowEnvironment) { env.SetDataConverter(dc) },
		register: func(env *testsuite.TestWorkflowEnvironment) error {
			return temporalasap.Register(env, f, append([]temporalasap.Option{defaults, temporalasap.Converter(dc)}, options...)...)
		},
	}
}

func init() { gob.Register(&asap.TaskError{}) } // as the user of a Result with gob has to

// The rules hold whatever the client's data converter is.
func TestEngineUnderConverters(t *testing.T) {
	for _, c := range converters[:3] {
		t.Run(c.name, func(t *testing.T) {
			asaptest.TestEngine(t, func(ctx context.Context, f *flow.Flow[int, string], in int) (string, error) {
				return temporalasap.Run(ctx, under(c.make(), f), f, in)
			})
		})
	}
}

func TestRandomUnderConverters(t *testing.T) {
	seeds := uint64(200)
	if testing.Short() {
		seeds = 20
	}
	for _, c := range converters[:3] {
		t.Run(c.name, func(t *testing.T) {
			for seed := range seeds {
				r := randomflow.New(seed)
				if err := r.Check(temporalasap.Run(t.Context(), under(c.make(), r.Flow), r.Flow, r.In)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// cents has a form that JSON does not see.
type cents struct{ n int }

func (c cents) GobEncode() ([]byte, error) { return []byte(fmt.Sprint(c.n)), nil }
func (c *cents) GobDecode(data []byte) error {
	_, err := fmt.Sscan(string(data), &c.n)
	return err
}

// An exit and a value beside an error come back as they were, and nothing of them is in
// clear on the way.
func TestValuesOfFailures(t *testing.T) {
	const secret = "the word is sesame"
	early := flow.Define("early", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		exit := g.NewExit[string]()
		in.Do("cache", func(context.Context, int) error { return exit.With(secret) })
		return in.Then("page", func(ctx context.Context, _ int) (string, error) { <-ctx.Done(); return "", ctx.Err() })
	})
	beside := flow.Define("beside", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		in.Do("mail", func(context.Context, int) error { return errors.New("down") })
		return in.Then("page", func(context.Context, int) (string, error) { return secret, nil })
	}, asap.Settled())
	for _, c := range converters {
		t.Run(c.name, func(t *testing.T) {
			dc := c.make()
			client := under(dc, early)
			if v, err := temporalasap.Run(t.Context(), client, early, 1); v != secret || err != nil {
				t.Errorf("Run = %q, %v, want the exit's value", v, err)
			}
			client = under(dc, beside)
			v, err := temporalasap.Run(t.Context(), client, beside, 1)
			if v != secret || fmt.Sprint(err) != "mail: down" {
				t.Errorf("Run = %q, %v, want the value and the error", v, err)
			}
			if te, ok := errors.AsType[*asap.TaskError](err); !ok || te.Task != "mail" {
				t.Errorf("no error of mail in %v", err)
			}
		})
	}
	price := flow.Define("price", func(g *asap.Group, in *asap.Task[int]) *asap.Task[cents] {
		exit := g.NewExit[cents]()
		in.Do("cache", func(context.Context, int) error { return exit.With(cents{700}) })
		return in.Then("price", func(ctx context.Context, _ int) (cents, error) { <-ctx.Done(); return cents{}, ctx.Err() })
	})
	client := under(gobbed{}, price, temporalasap.Trust(cents{}))
	if v, err := temporalasap.Run(t.Context(), client, price, 1); v.n != 700 || err != nil {
		t.Errorf("Run = %v, %v, want 700", v, err)
	}
}

// picky encodes itself, and refuses to be decoded.
type picky struct{ N int }

func (p picky) MarshalJSON() ([]byte, error) { return []byte(fmt.Sprint(p.N)), nil }
func (p *picky) UnmarshalJSON(data []byte) error {
	if p.N, _ = strconv.Atoi(string(data)); p.N == 13 {
		return errors.New("13 is no number")
	}
	return nil
}

// What cannot be encoded or decoded is a final error of its task, whatever kind of task it
// is and whatever policy of retries it has, and with a converter that can it is a value.
func TestValuesThatCannotBeCoded(t *testing.T) {
	var ran atomic.Int64
	ratio := flow.Define("ratio", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		return in.Then("ratio", func(context.Context, int) (float64, error) { ran.Add(1); return math.NaN(), nil }).
			Then("text", func(_ context.Context, f float64) (string, error) { return fmt.Sprint(f), nil })
	})
	number := flow.Define("number", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		return in.Then("ratio", func(context.Context, int) (picky, error) { ran.Add(1); return picky{13}, nil }).
			Then("text", func(_ context.Context, p picky) (string, error) { return fmt.Sprint(p), nil })
	})
	away := flow.Define("away", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		exit := g.NewExit[float64]()
		ratio := in.Do("ratio", func(context.Context, int) error { ran.Add(1); return exit.With(math.NaN()) })
		return ratio.Then("text", func(context.Context, struct{}) (string, error) { return "", nil })
	})
	retry := &temporal.RetryPolicy{InitialInterval: time.Millisecond, MaximumAttempts: 3}
	kinds := map[string]temporalasap.TaskOption{
		"activity": nil, "retried": temporalasap.Activity(workflow.ActivityOptions{RetryPolicy: retry}),
		"local": temporalasap.Local(workflow.LocalActivityOptions{}), "local and retried": temporalasap.Local(workflow.LocalActivityOptions{RetryPolicy: retry}),
	}
	for _, c := range converters {
		for kind, option := range kinds {
			t.Run(c.name+" "+kind, func(t *testing.T) {
				run := func(f *flow.Flow[int, string]) (string, error) {
					ran.Store(0)
					v, err := temporalasap.Run(t.Context(), under(c.make(), f, temporalasap.Task("ratio", option)), f, 1)
					if n := ran.Load(); n != 1 {
						t.Errorf("the body of flow %s ran %d times, want once", f.Name(), n)
					}
					return v, err
				}
				v, err := run(ratio)
				if isGob := c.name == "gob"; isGob && (v != "NaN" || err != nil) || !isGob && (err == nil || !strings.HasPrefix(err.Error(), "ratio: its value cannot be encoded: ") || !strings.Contains(err.Error(), "NaN")) {
					t.Errorf("Run with NaN = %q, %v", v, err)
				}
				if v, err = run(number); c.name != "gob" && (v != "" || err == nil || !strings.Contains(err.Error(), "13 is no number") || !strings.HasPrefix(err.Error(), "ratio: ")) {
					t.Errorf("Run with 13 = %q, %v, want an error of ratio", v, err)
				}
				if c.name == "gob" {
					return
				}
				_, err = temporalasap.Run(t.Context(), under(c.make(), away, temporalasap.Task("ratio", option)), away, 1)
				if err == nil || !strings.HasPrefix(err.Error(), "ratio: the value of its exit cannot be encoded: ") {
					t.Errorf("Run with an exit of NaN = %v", err)
				}
			})
		}
	}
}
