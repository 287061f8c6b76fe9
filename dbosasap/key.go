package dbosasap

import "context"

type keyKey struct{}

// Key names one body of one run in its context: it is the same whenever that body runs,
// after a failure or in the next process, and no other body has it. So it is what a
// service wants that does a thing once for one key. Elsewhere it is empty.
func Key(ctx context.Context) string {
	switch body := ctx.Value(keyKey{}).(type) {
	case *flight:
		return body.of + "/" + body.call.Task
	case string:
		return body
	}
	return ""
}
