// Package asap runs tasks that use each other's results, and starts each of
// them at the earliest possible moment.
//
// # Usage
//
// A [Group] has tasks; a [Task] is a handle of a value that will be there.
// [Group.Go] starts a function, [Task.Then] one that needs a result, and [Run]
// returns what is made of the values when all have succeeded:
//
//	return asap.Run(ctx, func(g *asap.Group) func() string {
//		user := g.Go("user", fetchUser)
//		config := g.Go("config", fetchConfig)
//		profile := user.Then("profile", fetchProfile) // starts when user is there
//		return func() string { return render(user.Value(), config.Value(), profile.Value()) }
//	})
//
// The functions are plain ones: fetchUser is func(context.Context) (User, error),
// fetchProfile is func(context.Context, User) (Profile, error). profile does not
// wait for config, because it does not need it, and nobody had to work that out.
//
// With [New] and [Group.Wait] the group is at hand in the function that uses it, and
// the values are read after Wait, with [Task.Value]:
//
//	g := asap.New(ctx)
//	defer g.Stop()
//	user := g.Go("user", fetchUser)
//	config := g.Go("config", fetchConfig)
//	profile := user.Then("profile", fetchProfile) // starts when user is there
//	page := user.And(config).And(profile).Then("page", renderPage)
//	if err := g.Wait(); err != nil {
//		return "", err
//	}
//	return page.Value(), nil
//
// # Dependencies
//
// A dependency is declared, with [Task.Then], [Task.And], [Group.Gather],
// [Group.Map] or [Needs], or it is found in the body and awaited there:
//
//	greeting := g.Go("greeting", func(ctx context.Context) (string, error) {
//		u, err := user.Await(ctx)
//		if err != nil {
//			return "", err
//		}
//		return "Hello " + u.Name, nil
//	})
//
// Declare what is always needed: a task that has not started costs no
// goroutine, shows in pictures and in the graph of a flow, and is skipped with a
// clear error. Await what is needed sometimes. Give Await the context that the body
// was given, or one derived from it: it says who waits, which is how a limit
// gets its slot back and how a cycle is found.
//
// [And2] and [And3] take two or three dependencies of different types as arguments,
// Gather any number of one type, and the option [Needs] any number of any types,
// which the body reads with [Task.Get]. Where only the order counts, it is [After],
// or [AfterEnd] for whatever became of the other.
//
// A Map starts when the slice that it needs is whole, so one over the result of
// another waits for the slowest element. What is done with each element, step by
// step, belongs into one function, or into tasks of its own that are gathered.
//
// # Options of tasks
//
// What a call needs besides its arguments is said where it is declared:
//
//	user := g.Go("user", findUser)
//	cart := user.Then("cart", findCart)
//	price := cart.Then("price", quote, asap.Timeout(50*time.Millisecond), asap.Around(retry))
//	ads := user.Optional("ads", fetchAds, asap.Within(80*time.Millisecond)) // of the group's start
//	coupons := g.Go("coupons", fetchCoupons, asap.When(withCoupons))        // else done at once, with the zero value
//	page := g.Go("page", func(ctx context.Context) (string, error) {
//		return fmt.Sprint(user.Get(ctx), price.Get(ctx), coupons.Get(ctx), ads.Get(ctx).Or("no ads")), nil
//	}, asap.Needs(user, price, coupons, ads))
//
// They count in this order: When; the dependencies; Within until the body begins; the
// slot of a limit; then Timeout and Within on the body's context; the group's
// Arounds, the task's, the body. [MayFail] and [Group.Optional] judge what comes out.
//
// # Failure
//
// A body fails by returning an error. The first failure cancels the context of
// the others, no further body starts, and [Group.Wait] returns a [*GroupError].
// With [Settled] the others go on. What the page can do without is
// [Group.Optional], whose failure is a value:
//
//	ads := g.Optional("ads", findAds)
//	page := user.And(ads).Then("page", func(ctx context.Context, user string, ads asap.Result[[]string]) (string, error) {
//		if ads.Err != nil {
//			return "page of " + user + ", without ads", nil
//		}
//		return "page of " + user, nil
//	})
//
// Of a task without a value, or a chain that can be done without, it is the option
// [MayFail]: what needs the task is skipped, and nothing else. What either has
// tolerated is seen in events, pictures and statistics.
//
// Every error names its task, as in "user: not found", and keeps its
// cause for [errors.Is] and [errors.As]. A task that never ran has an error that
// is [ErrSkipped] and leads to the failure behind it. [Cause] has what the body
// returned that failed first, without names, and [Plain] is Cause around an Await.
// A success can end a group early as well: see [Group.NewExit].
//
// A body that returns because its group has ended has not failed, as long as its
// error says so in every part: with the failure that ended the group or its cause,
// with [context.Canceled], or, once a deadline from outside has passed, with
// [context.DeadlineExceeded]; also with an error of gRPC or Connect, of which only
// the text says it. Such an echo is in no list and on no critical path. What a client
// calls otherwise stays a failure: "signal: killed" of a command, the "i/o timeout" of
// a read, a driver's own text; and so does an error that has a rollback's own beside
// the echo. A body that returns nil has succeeded, also when its parent has ended; if
// all have, Wait returns nil.
//
// What a body has done can be undone when its group fails, or when its value comes
// too late to be used: a payment, a reservation, a connection. See [Task.Undo].
//
// # Limits of time
//
// [Timeout] counts from the beginning of the task's body, over all calls of an
// [Around]; [Within] from the making of the group, also while the task waits, and a
// task whose turn has not come by then fails at that instant. A deadline of the
// context that New was given ends the whole group, and Wait says who was running.
// None of them makes a body return: one that ignores its context holds up its
// dependents and Wait. The error is [context.DeadlineExceeded] and says which limit it
// was: "price: timeout 50ms: …", "ads: within 80ms".
//
// # Limits of number
//
// Under a [Limit] or a [SharedLimit] a body that waits for a task or a nested group
// has given its slot to others. Whatever else it waits for, or holds over such a
// wait, is taken in [Blocking]: a lock, a connection of a pool, a transaction, a
// semaphore, a singleflight, a batch, a rate limit, the pause of a retry. Without it
// a slot is taken while nothing runs, and bodies that hold what others with slots
// wait for may never get a slot again. A mutex that is given back without a wait in
// between needs nothing.
//
// # Guarantees
//
// docs/DESIGN.md calls them R1 to R42, and each has a test by its number in
// internal/rules, such as TestR1_NoBarrier.
//
//  1. Go, Do, Optional and Race start at once, a declared task when the last of
//     its dependencies is done. There is no barrier. Declaring never blocks.
//  2. A body runs at most once, however many wait for it.
//  3. Nothing starts under a context that has ended, or after a failure. What
//     was not started is settled all the same, as skipped.
//  4. Tasks may be added by running tasks, and from outside as long as a task
//     is known to run, for as long as the group lives and without a bound. After
//     the group has ended, adding one panics.
//  5. In the virtual time of [testing/synctest] the instants are exact.
//  6. Any goroutine may await any task of any group, any number of times, and
//     every wait ends. A finished task gives its result even to a dead context.
//  7. A canceled wait ends alone: the task and its other waiters go on.
//  8. The context given to Await says who waits. The body's own, or one with
//     values added, is the body's wait: the body promises not to return before
//     it has ended, and each such wait counts, however many of its goroutines
//     wait at once. One with an end of its own gives the slot back too, but is
//     left out of the search for cycles; a foreign one belongs to nobody. A
//     goroutine that the body does not wait for derives a context of its own
//     first; else somebody may be told of a cycle that there is not, and nothing
//     worse.
//  9. A wait that can never end, because the task awaited waits for the waiter,
//     fails at once with a [*CycleError] that names the tasks on the way, also
//     through declared dependencies, nested groups and any of a body's waits. A
//     wait whose own context has ended is none.
//  10. All waits block durably in the sense of testing/synctest.
//  11. The first failure in time is the cause of the context of the others. What a
//     body returns because its group has ended is an echo of that and no failure;
//     who awaits such a task finds the failure in its error too.
//  12. Wait returns nil or all failures in the order of time, each once: a body
//     that passes on the error of an awaited task, and nothing else, adds nothing
//     to the list. If the parent context or [Group.Stop] ended the group before all
//     tasks had succeeded, the error is that context's error and its cause, and
//     says who was running. If all have succeeded all the same, it is nil.
//  13. Dependents of a failed task are skipped at once. They never run with
//     zero values.
//  14. Optional makes a value of its own body's failure, and of nothing else. What
//     it has tolerated is seen: in events, pictures and statistics.
//  15. A panic in a body, or in a method of an error that it has returned,
//     cancels the group, and Wait panics with a [*PanicError] that has the
//     body's stack, or with http.ErrAbortHandler itself if it is that. Nothing
//     hides it. Stop panics only if no Wait was called.
//  16. A body that calls [runtime.Goexit], as t.FailNow does, ends the goroutine
//     in Wait the same way, when everything else has ended.
//  17. The first body to return an exit ends the group; its value is not
//     replaced by a loser's value or error.
//  18. Wait, Run and Stop return when everything that the group started has
//     ended, whatever goroutines bodies leave behind. No goroutine, timer or
//     registration is left. Wait runs bodies on its caller's goroutine: one that
//     locks its thread hands the lock on to who calls Wait.
//  19. When the group ends its context is canceled: what was opened with it is
//     dead after Wait. Until then it lives, also that of a function that has won
//     its Race; those of the others end when the race is decided.
//  20. A finished task keeps its name, value and error, and the group's record.
//     It keeps no function, no dependency and no other task alive, nor the task
//     around a nested group.
//  21. [Limit] bounds the bodies that run. A waiting body does not count, so no
//     limit deadlocks, also with nested groups. What has begun is finished first:
//     a free slot goes to a body that goes on, then to what is nested or awaited
//     deepest, then to what became ready first. So what has not begun may wait
//     as long as what has keeps the slots busy. Wait gives the slot of the body
//     around back, Stop keeps it. Nor does a body count in [Blocking]: there it
//     takes a lock or a connection that it holds over a wait, and then those
//     cannot deadlock either.
//  22. After a cancel nothing queues: what has not started is skipped, what was
//     waiting goes on, and so do groups that it makes from then on.
//  23. A group without an [Observer] pays one branch and no allocation for that.
//  24. An observer sees every step of every task, also of nested groups.
//  25. Print of package waterfall draws a run when it ends, also a failed one.
//  26. Tasks appear in runtime/trace, and with a [Name] as pprof labels.
//  27. Define of package flow runs nothing, and Graph of a flow runs no body and
//     never panics.
//  28. A flow costs what the same group costs.
//  29. On of package flow gives the bodies to another engine, with the same rules.
//  30. The examples of better-all's README are here in Go, with their results
//     and their timelines.
//  31. A mistake in the use of the package panics where it is made, with a text
//     that starts with "asap: ", names the task and the call to make instead.
//  32. Names need not be unique; pictures number the second price as price#2, and
//     so do the errors of flows and of groups that somebody observes.
//  33. Results of Gather and Map are in the order of the arguments or elements.
//  34. It is free of data races; a Group and a Task must not be copied.
//  35. A body's context is a complete [context.Context], and deriving from it
//     starts no goroutine. It costs no more the deeper its group is nested.
//  36. There is no global state and no work before the first task.
//  37. [Needs], [After] and [AfterEnd] are dependencies like all others. [MayFail]
//     makes a failure one for those alone that need the task. A task that [When]
//     leaves out is done as soon as its dependencies are, with the zero value.
//  38. [Around] wraps a body, in its slot and under its name. The value is that of the
//     first call that succeeded; without one the task fails. Panics, Goexit and
//     exits in a call are the body's at once, and calls left behind are waited for.
//  39. [Timeout] and [Within] end a body's context, and a task that has not begun
//     Within its time fails at that instant. They make nobody return. An error that
//     comes later names the limit and is [context.DeadlineExceeded].
//  40. [SharedLimit] is one limit for all groups and tasks that it is given to. A
//     body has at most one, its task's, its group's, or that of the body around, and
//     holds no other slot while it waits for it. It keeps nothing of groups that
//     have ended.
//  41. What one goroutine pays for n tasks, or for n levels of nesting, grows like n.
//  42. What is undone, by [Task.Undo], is each value that is not kept, once, the
//     latest success first, when all bodies have ended and before Wait returns. What
//     undos return is among the failures.
//
// # Limits
//
// Dependencies are declared on tasks that exist, so a cycle needs an Await of a
// task that is declared later; the doc of [Task.Await] shows how to do that
// without a race. Cycles through channels, mutexes, contexts with an end of
// their own, and Wait called by a body of its own group are not seen. A body
// that ignores its context delays Wait. A body that locks its thread, or sets
// pprof labels and leaves them, hands both on to the body after it, or to who
// called Wait. Without [Blocking] a lock or a pooled connection that is held over a
// wait cannot deadlock under a limit as long as it is taken by outermost bodies
// before their first wait, and its holders wait only for bodies under that limit.
//
// # Testing
//
// Bodies that sleep, time out or wait are tested in a bubble of
// [testing/synctest], where time is virtual and instants are exact:
//
//	synctest.Test(t, func(t *testing.T) {
//		start := time.Now()
//		if _, err := loadPage(t.Context()); err != nil {
//			t.Fatal(err)
//		}
//		if got, want := time.Since(start), 110*time.Millisecond; got != want {
//			t.Errorf("loadPage took %v, want %v", got, want)
//		}
//	})
//
// A body may call t.Fatal: it ends the test, for Wait passes the Goexit on.
// Tasks that become ready at the same instant may run in any order, or at the
// same time; a test that needs an order gives the group Limit(1), which runs
// them in the order of declaration, or declares the dependency that there is.
package asap
