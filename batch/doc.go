// Package batch fetches by many keys at once what bodies ask for one by one, without a
// window of time: the calls of one level go out together, at the moment when nobody else
// can ask.
//
//	prices := batch.New(g, "prices", fetchPrices)  // func(context.Context, []ID) (map[ID]Price, error)
//	…
//	price, err := prices.Get(ctx, id)              // in any body of g, and of groups nested in it
//
// # When a call goes out
//
// A key that nobody has asked for before is noted, and its body waits. The call with all
// keys that are noted begins as soon as every body of the loader's group, and of the
// groups nested in it, that has begun waits for a task, a nested group or a call. A body
// that is ready begins first, also under a limit, since a body that waits holds no slot:
// so it may ask as well. It begins earlier with the last of [MaxSize] keys, or [MaxWait]
// after the first.
//
// Not waiting is a body that computes, sleeps, is in a call of its own or in
// [asap.Blocking], and who has made the group, until that calls Wait. A body of which several
// goroutines do something waits as long as one of them does: to ask for several keys at
// once there is [Loader.GetAll]. A call that runs is not waited for: what its answer makes
// others ask for is the next one. What waits for a slot of an [asap.SharedLimit] to begin, which
// others hold, has not begun. Of a group whose bodies run on another engine only the wait for
// it is seen.
//
// # What a call is
//
// A task of the group, named as the loader, prices, prices#2 and so on in pictures and
// traces, with who has asked waiting for it. Its body is fetch, with the group's context and
// its [asap.Around]. It holds no slot of a limit, and what it starts is not under those
// around: so it is never in the way of who it waits for. Its failure is one only for those
// that have asked, each of whom returns it or does without; a panic, a Goexit and an exit in it
// are those of a body. If the group ends first, it is skipped. A key whose askers have all
// gone before the call begins is left out of it, and may be asked for again.
package batch
