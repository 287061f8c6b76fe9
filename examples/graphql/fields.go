package graphql

import (
	"context"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/asap-go/asap"
	"github.com/vektah/gqlparser/v2/ast"
)

// Fields is an extension of a gqlgen server that makes every resolver of a query a body
// of one group, named by its path (items[3].author). The group is told of a resolver
// when its parent has been resolved, before its goroutine runs: so nobody takes the
// group for quiet while one is still to come. Fields of interfaces and unions, and those
// under @defer, are resolved as ever, outside of the group.
type Fields struct {
	// Loaders returns a context with what the resolvers of a query of g use.
	Loaders func(ctx context.Context, g *asap.Group) context.Context
	Options []asap.Option
}

var _ interface {
	graphql.HandlerExtension
	graphql.ResponseInterceptor
	graphql.FieldInterceptor
} = Fields{}

func (Fields) ExtensionName() string                   { return "AsapFields" }
func (Fields) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse makes the group, and waits until all of it has ended. What panics
// in the group, as a fetch of a loader, panics here.
func (f Fields) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	op := graphql.GetOperationContext(ctx)
	if op.Operation == nil || op.Operation.Operation != ast.Query {
		return next(ctx)
	}
	g := asap.New(ctx, f.Options...)
	q := &query{group: g, over: make(chan struct{}), seats: map[string]*seat{}}
	ctx = context.WithValue(f.Loaders(ctx, g), queryKey{}, q)
	for _, field := range graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Query"}) {
		if !strings.HasPrefix(field.Name, "__") {
			q.expect(field.Alias)
		}
	}
	var panicked any
	go func() {
		defer close(q.over)
		defer func() { panicked = recover() }()
		_ = g.Wait() // from here on the group is quiet when its bodies are; no body fails
	}()
	response := next(ctx)
	g.Stop() // for a resolver that was expected and did not come
	<-q.over
	if panicked != nil {
		panic(panicked)
	}
	return response
}

// InterceptField resolves a field in the name of the body that was declared for it, and
// declares those of its children.
func (f Fields) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	q, _ := ctx.Value(queryKey{}).(*query)
	if q == nil {
		return next(ctx)
	}
	fc := graphql.GetFieldContext(ctx)
	s := q.take(fc.Path().String())
	if s == nil {
		return next(ctx)
	}
	defer close(s.left)
	var body context.Context
	select {
	case body = <-s.body:
	case <-q.over: // it will never begin
		return next(ctx)
	}
	value, err := next(inBody{Context: body, field: ctx})
	if err == nil {
		q.expectOf(ctx, fc, fc.Path().String(), reflect.ValueOf(value))
	}
	return value, err
}

// query is the group of a query and its resolvers that are still to come, by path.
type query struct {
	group *asap.Group
	over  chan struct{} // closed when all of group has ended

	mu    sync.Mutex
	seats map[string]*seat
}

type queryKey struct{}

// seat is the body of a resolver, which gqlgen calls in a goroutine of its own.
type seat struct {
	body chan context.Context // has the body's context when that has begun
	left chan struct{}        // closed when the resolver has returned
}

// expect declares the body of the resolver at path. It is called in a body that has not
// ended, or before Wait.
func (q *query) expect(path string) {
	s := &seat{body: make(chan context.Context, 1), left: make(chan struct{})}
	q.mu.Lock()
	q.seats[path] = s
	q.mu.Unlock()
	q.group.Do(path, func(ctx context.Context) error {
		s.body <- ctx
		select {
		case <-ctx.Done():
			if q.take(path) == nil {
				<-s.left
			}
		case <-s.left:
		}
		return nil
	})
}

// expectOf declares the bodies of the resolvers below a field with this value.
func (q *query) expectOf(ctx context.Context, fc *graphql.FieldContext, path string, value reflect.Value) {
	switch {
	case !value.IsValid():
		return
	case value.Kind() == reflect.Slice:
		for i := range value.Len() {
			q.expectOf(ctx, fc, path+"["+strconv.Itoa(i)+"]", value.Index(i))
		}
		return
	case value.Kind() == reflect.Pointer && value.IsNil(), fc.Child == nil:
		return
	}
	of := fc.Field.Definition.Type.Name()
	for _, field := range graphql.CollectFields(graphql.GetOperationContext(ctx), fc.Field.Selections, []string{of}) {
		child, err := fc.Child(ctx, field)
		if err == nil && child.IsResolver {
			q.expect(path + "." + field.Alias)
		}
	}
}

// take returns the seat for path to who comes first: its resolver, or its body, when it
// need not wait for it any more.
func (q *query) take(path string) *seat {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.seats[path]
	delete(q.seats, path)
	return s
}

// inBody is the context of a resolver: it ends and waits as that of the body, and has the
// values of the field's as well.
type inBody struct {
	context.Context
	field context.Context
}

func (c inBody) Value(key any) any {
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.field.Value(key)
}
