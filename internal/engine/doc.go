// Package engine is the core of asap: nodes, edges, waits and slots. It decides
// when something happens and who does it, and never what that means: values and
// their types, errors and their texts, flows and other engines belong to the
// packages above, which it meets in three interfaces ([Body], [Host], [Backend]).
// It has no generics and imports nothing that a user names.
//
// # A node's life
//
//	declared  counted, put into the order, told to who looks     declare.go
//	linked    an edge in the list of each dependency             declare.go, node.go
//	ready     the last edge was counted off: it may run, gets
//	          slots or queues for them                           settle.go, admit.go, queue.go
//	queued    pushed where a worker finds it                     relay.go
//	run       a worker calls the body, which may wait            worker.go; wait.go
//	judged    only if it did not simply succeed: see Host        host.go, in package asap
//	settled   its list is closed, and what was in it is ready,
//	          skipped or woken                                   settle.go, succeed.go
//	ended     counted off; the last one finishes the group       finish.go
//	undone    only if its value is not kept                      undo.go
//
// A node that is to run no more goes from declared, linked or ready straight to
// settled: it is skipped. One without a body ([Inline]) is settled by whoever
// makes it ready.
//
// # Words
//
// A node is ready once nothing holds it back; its body starts when a worker calls
// it, and goes on when a wait of it is over. A wait is announced and withdrawn in
// the graph of waits, opened and shut in the body's list, parked in the group's;
// it is ended by anybody and concluded by its goroutine. Slots are taken and
// given. A group is ended, by a reason that is recorded, when no further body of
// it starts; it is sealed when nothing can be declared in it any more; it is over
// when nothing of it runs. An x method returns x or nil, a makeX method makes it
// if need be, and a notice method takes over an end that nobody has seen.
//
// A function named …Locked is called with the mu of the top limiter of what it
// touches, or of the Shared, except unparkLocked, which is called with that of the
// group. The guard of a node's rank and claim is its Shared, or else its top limiter.
//
// # Invariants
//
// A comment "keeps 7" stands where one is kept: who changes that line has to
// think of it. Those that goroutines keep together without a lock around everything
// are checked by the models.
//
// The node. A task is one heap object: a [Node], which is also the context of its
// body, then the value, the function, the dependencies and their edges.
//
//  1. list is a stack of edges, the latest first; &closed means done. The value
//     and the failure are written before the list is closed, and read only after
//     it was seen closed.
//  2. An edge belongs to who links it until the list is closed, and then to who
//     closed it, who reads it, clears it, and only then tells its owner: the owner
//     may use the edge again at once.
//  3. pending counts what is to come, with holds and a dead bit. Exactly one change
//     makes it zero: who makes that makes the node ready. Exactly one leaves it
//     dead without holds: who makes that skips the node. A hold keeps both from
//     happening, while edges are linked and while a search reads dependencies.
//  4. A node that is in a list and has pending zero waits there with its body. It
//     is told and not counted off; so is a hub.
//  5. What is done keeps nothing alive but its value and its failure, and nothing
//     keeps it but who uses those.
//
// The relay and the count.
//
//  6. If a group's queue is not empty, some goroutine is outside any body and about
//     to pop: a searcher, or a worker between two bodies.
//  7. declared minus ended is the tasks that have not ended, and the caller until
//     it waits. Who ends a task counts it off afterwards, maybe many at once: the
//     difference is too high meanwhile, never too low.
//  8. Who makes the two equal seals declared, and that is final. A goroutine counts
//     itself alive, goes on only if it then sees no seal, and off as its last step. Of
//     those who find it sealed, and then nobody alive, one finishes it, or starts the
//     goroutine that calls undos and finishes it then: so Wait returns after everybody's
//     last step. The caller is counted off by the first to join, without whom nothing is
//     sealed: he tells the observers of the end and lets go all who wait.
//
// Waits.
//
//  9. There is one kind of wait. It begins once and is ended once, by who makes its
//     bit ended true; and that one, in that moment, takes the slots for the body or
//     queues it, and has it woken. Only its own goroutine concludes it.
//  10. A hard wait links and parks itself, and then looks at its group's end; who
//     ends the group stores that and then takes what is parked. One of the two
//     sees the other. In the same way who queues at the limit of a Map lists that
//     first, and who adds a wait to a hub, or to those for a nested group, finds it
//     closed or is found. Those end with the seal, or with the
//     last undo if there is something to undo, which is decided at the seal.
//  11. Only a hard wait within one group has an edge in its target's list, and a body
//     has one such edge, in its waiter. Once that wait was refused, or the body's
//     group has ended, it is not used again: its edge may stay in the list, and of two
//     who want to end it one comes late. All other waits share a hub a target, and
//     leave nothing behind.
//
// What the end of a body's group has cut short is noted in its waiter by its own
// goroutine when that concludes the wait: for who says which bodies were running.
//
// Cycles.
//
//  12. Waits that lead downhill in the order of nodes close no cycle alone. One that
//     leads uphill is counted in its root, in both if there are two, before it is
//     announced: with none counted nobody searches.
//  13. A waiter announces its wait, links it where it waits, and then follows the
//     waits from there, unless nobody waits for its own body. Atomics are in one total
//     order, so the last one to link sees that it is waited for, and the whole cycle.
//     A step that was seen still holds when the next is: a target seen waiting is not
//     done, so who waits for it still waits.
//  14. A cycle that was found is decided under the root's mutex cycles, and a wait is
//     ended or taken back there: of two that close it at once one fails, and the
//     other waits for its error. Of two of two roots both may fail.
//  15. A body goes on when all of its hard waits have ended; a Race when one of its
//     functions does; the Wait for a nested group when all in it have. What can come
//     to be stuck by a later event (a Wait begins, a function fails) is looked at
//     again by who makes the event.
//
// Limits.
//
//  16. Slots are taken from the innermost limiter outwards. Nobody who holds an outer
//     slot waits for an inner one, and who waits for a task or a group holds none: so
//     there is no cycle among slots.
//  17. A body holds its slots while its claim has no waits, is not queued and not
//     bare. Begin and end of a wait may reach the claim in any order. A Blocking call
//     is a wait to the claim, and to nothing else.
//  18. Who is in a limiter's queue finds no free slot there. While anybody is, the
//     word says contended, and slots change hands under the top limiter's mu.
//  19. Who leave queues for good leave all of them before one gives back what it holds
//     further in, lest that is given to the next of those who are to leave.
//  20. A place in a queue is valid while its node has the mark of that limiter, that
//     turn, and that rank; or, if it goes on, while its claim has that turn. Leaving
//     changes one of them and leaves the entry behind. Of those there are never more
//     than 64 over the valid ones: so all of it is a constant amortized.
//  21. Ranks only grow, to 31: a search looks at a node and an edge 31 times at most.
//     Whatever is under a wait has a rank above the waiter's, or gets it when it
//     becomes ready, from its group's or its whole's.
//
// The end.
//
//  22. Why a group ends is recorded once; the first counts.
//  23. The order is record, publish, cancel: see [Verdict]. Who awaits the very task
//     that failed sees its error, everybody else the cause.
//  24. A nested group ends before the context of the one around it is seen dead: so
//     no body of it starts then. A group is noted in the one around and then looks at
//     its end; who ends a group records that and then goes through those noted, also
//     through those inside of one that somebody else is ending.
//  25. A group's real context exists before its end can be seen in it, and the end is
//     stored before it is canceled. Who makes it late looks at the end afterwards.
//     Nothing but it says that the context has ended: so Err does not go back. That of a
//     group that lasts is not ended by its being over, but by an end of the group or with
//     the context that it was made with.
//  26. Only a base, a group whose parent is no group, asks its parent. Once a body
//     anywhere under it is asleep or queued, the base is registered with the parent;
//     without that whoever starts a body asks.
//  27. No mutex is held while a user's code runs: bodies, observers, methods of errors
//     and of contexts. Locks are taken in this order: cycles of a root, mu of a Shared,
//     mu of a top limiter, mu of a group, one of each at a time; and popMu and the mu of
//     a waiter or a Race last, with nothing under them.
//
// Contexts with an end of their own, and options.
//
//  28. The function of a Race that has made its real context notes it, and then looks
//     at the decision; who decides the Race stores that and then ends what is noted,
//     but for the winner's. One of the two ends each that is lost, and with it the
//     registration in the group.
//  29. A call of a body begins under the mu of its calls, and only while the Around
//     that makes it has not returned and no other call has died. Those that are open
//     when that returns are canceled. The worker that settles the node waits for them
//     before it drops the function, gives the slots and counts the node off: so the
//     group is not over before their last step. What LeaveBehind has begun, before the
//     Around has returned, counts as such a call.
//  30. A dependency of a node with options is read under a pin, or by who owns the
//     node; the options change only in what expanded says.
//  31. What is late is judged by one goroutine at a time, in order. Each is covered by a
//     timer that is armed for its instant or before, whose call takes it out of what it
//     is in: it is late before that, and who puts it into a queue looks at that
//     afterwards. Who settles it otherwise first makes sure, under the same mutex, that it
//     is not late and never will be: the verdict on what is late is recorded already, or
//     who skips it leaves it to who judges.
//  32. The context of a body with a limit of time ends once: by its timer, by the
//     group's end, or with its body if that fails. Who makes its real context notes
//     it in the group, and then looks whether the group's context has ended; who ends
//     the group ends that and then goes through what is noted. The timer counts as
//     alive until it was stopped or its call has made its last step.
//
// Undoing.
//
//  33. An undo, and a value that its task does not have, is noted under the group's mu
//     and before the seal; who has sealed it looks there under the mu, once for all. A
//     number is taken there when the undo is declared, and again when its node has
//     succeeded, before the list is closed: so that of what depends on a node is higher.
//     Undos run when nobody is alive, without a slot, and what ends the group from
//     outside comes too late.
//
// Limits that are shared.
//
//  34. Who waits at a Shared is in its tree alone, and holds no slot of any limit: so
//     of two limits none is waited for while the other is held. Who is granted a slot
//     there has those of its own limits, all taken under the mu of the Shared.
//  35. A branch with somebody who may go on is in the heap of the one around it, or
//     blocked: its stub is in the queue of its limiter, with the right of its first, or
//     a slot of that is on its way to it. When the mu is unlocked and a slot is free,
//     the heap of the root is empty. So no slot is free of which somebody could make
//     use, and one that becomes free moves branches, and never all the bodies in them.
//  36. All who wait are of one bubble, and so are, when one of them begins to, all who
//     hold slots; from then on nobody else takes any. So whoever wakes one may.
//
// What is held until it is quiet.
//
//  37. awake of a quiet is at least the number of goroutines that run bodies of its
//     groups, are about to, or find out that there are none, but for those in a body of
//     which some goroutine waits; with the caller until that waits. Who makes somebody go
//     on raises it first, and is counted himself unless he is of no body; it is lowered
//     last. So when it falls to zero whatever has begun waits, and by 6 and 18 nobody is in
//     a queue but for shared slots that others hold. Who makes it zero takes what is held;
//     who holds something looks at it afterwards: one of the two sees the other. What is
//     held is begun or skipped by who takes it out of the list, once.
//
// What comes from outside.
//
//  38. A node without a body that waits for an instant or a value is in the list of its
//     group, and its pending is 1, which nobody counts off but who takes it out of there:
//     the timer, who brings the value, or who ends the group. It is listed, and then
//     its group's end is looked at; who ends that looks at the list afterwards. The timer
//     counts as alive until it was stopped or its call has made its last step.
package engine
