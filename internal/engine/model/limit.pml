/*
 * limit.pml: slots, taken and given by compare-and-swap or under the mutex, by
 * bodies that start, wait, go on and end (limit.go, seat.go).
 *
 * T is a group's limit and F that of a Map in it, both of one slot. Task 1 runs
 * at T, tasks 2 and 3 at F, and the end of 3 makes 4 ready, at F too. Body 1
 * waits for 3 (ticket 1), and with SECOND so does a goroutine that it starts
 * and joins (ticket 2). Body 2 leaves a goroutine behind that waits for 3 as
 * well (ticket 3), and may get to it when the body has long ended. With CANCEL
 * the group is canceled at any time.
 *
 * Checked: bodies never hold more slots than there are; in the end every slot
 * is free again and nobody is queued; each task is started or skipped, once;
 * each waiter is woken once; everything ends.
 *
 * check:
 * check: -DCANCEL
 * check: -DBEHIND
 * check: -DSECOND
 * break: BREAK_GIVE
 * break: BREAK_CONTENDED
 * break: BREAK_QUEUED
 * break: BREAK_HELD -DBEHIND
 * break: BREAK_LATE -DBEHIND
 */
#define T	0
#define F	1
#define NIL	2	/* no level above */
#define SLOTS	1
#define HELD	255	/* limiter.word: contended */

#define up(l)	((l) == F -> T : NIL)
#define lim(n)	((n) == 1 -> T : F)
#define owner(t) ((t) == 3 -> 2 : 1)
#define bit(x)	(1 << (x))

byte word[2] = SLOTS;
byte woken[2];		/* queues: sets of tickets; their order is of no account here */
byte ready[2];		/* sets of tasks */
bool mu;		/* of T, for both levels */
bool end;		/* Group.end, stored before the canceller takes the queues */

/* seat, guarded by mu */
byte waits[5];
byte queued[5];		/* a ticket, 0 if none */
bool bare[5];
bool bed[5];		/* node.madeBed() != nil */

byte at[4];		/* ticket.at */
bool woke[4];		/* its WaitGroup is done */
bool asleep;		/* bed.asleep of body 1, which waits in the list of 3 */
byte seated;		/* hub.seated: tickets of soft waits for 3 */
bool fired;
bool go[5];		/* pushed: a worker will run it (relay.pml) */
bool skipped[5];	/* settled without a body */
bool done[5];		/* the list is closed */

/* What only the model knows. */
byte inside[2];		/* bodies that hold a slot */
bool joined;		/* the second goroutine of body 1 has ended */

inline lock()   { atomic { !mu -> mu = true } }

#define unlock()	mu = false

/* A body gets its slots, and gives them up. */
inline hold(l0) {
	inside[T]++;
	inside[F] = inside[F] + ((l0) == F);
	assert(inside[T] <= SLOTS && inside[F] <= SLOTS)
}

inline leaveSlots(l0) {
	inside[T]--;
	inside[F] = inside[F] - ((l0) == F)
}

/* limiter.take and give: a compare-and-swap that fails changes nothing */
inline take(lev, res) {
	atomic {
		res = (word[lev] != HELD && word[lev] > 0);
		word[lev] = word[lev] - res
	}
}

inline give(lev, res) {
#ifdef BREAK_GIVE
	save = word[lev];			/* a load and a store */
	atomic {
		res = (save != HELD);
		if
		:: res -> word[lev] = save + 1
		:: else
		fi;
		save = 0
	}
#else
	atomic {
		res = (word[lev] != HELD);
		if
		:: res -> word[lev] = word[lev] + 1; assert(word[lev] <= SLOTS)
		:: else
		fi
	}
#endif
}

/* limiter.climbLocked: ticket t, or else task n. It sets l to NIL if it got all. */
inline climbLocked(lev, tkt, tsk) {
	do
	:: lev != NIL ->
		atomic {	/* takeLocked */
			if
			:: word[lev] != HELD && word[lev] > 0 -> word[lev] = word[lev] - 1; lev = up(lev)
			:: else ->
#ifndef BREAK_CONTENDED
				word[lev] = HELD;
#endif
				if
				:: tkt != 0 -> at[tkt] = lev; woken[lev] = woken[lev] | bit(tkt)
				:: else -> ready[lev] = ready[lev] | bit(tsk)
				fi;
				break
			fi
		}
	:: else -> break
	od
}

/* limiter.calmLocked */
inline calmLocked(lev) {
	if
	:: woken[lev] == 0 && ready[lev] == 0 && word[lev] == HELD -> word[lev] = 0
	:: else
	fi
}

/*
 * limiter.giveLocked. What happens while the word says contended is one step:
 * nobody without the mutex changes anything then. t and n get who was next.
 */
inline giveLocked(lev) {
	atomic {
		gt = 0; gn = 0;
		if
		:: word[lev] != HELD ->
			word[lev] = word[lev] + 1;
			assert(word[lev] <= SLOTS);
			gl = NIL
		:: word[lev] == HELD && woken[lev] != 0 ->
			do
			:: (woken[lev] & bit(gt)) != 0 -> break
			:: else -> gt++
			od;
			woken[lev] = woken[lev] & ~bit(gt)
		:: word[lev] == HELD && woken[lev] == 0 && ready[lev] != 0 ->
			do
			:: (ready[lev] & bit(gn)) != 0 -> break
			:: else -> gn++
			od;
			ready[lev] = ready[lev] & ~bit(gn)
		:: else -> word[lev] = 1	/* the last in the queue has left it */
		fi;
		calmLocked(lev);
		gl = up(lev)
	};
	if
	:: gt != 0 || gn != 0 ->
		climbLocked(gl, gt, gn);
		atomic {
			if
			:: gl == NIL && gt != 0 ->
				hold(lim(owner(gt)));
#ifndef BREAK_QUEUED
				queued[owner(gt)] = 0;
#endif
				tickets = tickets | bit(gt)
			:: gl == NIL && gt == 0 ->
				hold(lim(gn));
				nodes = nodes | bit(gn)
			:: else
			fi;
			gl = 0; gt = 0; gn = 0
		}
	:: else
	fi
}

/* limiter.releaseLocked, from l to below last */
inline releaseLocked(lev, below) {
	do
	:: lev != below -> giveLocked(lev); lev = up(lev)
	:: else -> break
	od
}

/* grants.start; each push and each WaitGroup.Done is a step of its own */
inline start() {
	do
	:: tickets != 0 ->
		atomic {
			gt = 1;
			do
			:: (tickets & bit(gt)) != 0 -> break
			:: else -> gt++
			od;
			tickets = tickets & ~bit(gt);
			assert(!woke[gt]);
			woke[gt] = true;
			gt = 0
		}
	:: tickets == 0 && nodes != 0 ->
		atomic {
			gn = 1;
			do
			:: (nodes & bit(gn)) != 0 -> break
			:: else -> gn++
			od;
			nodes = nodes & ~bit(gn);
			assert(!go[gn]);
			go[gn] = true;
			gn = 0
		}
	:: else -> break
	od
}

/* ticket.leaveLocked */
inline leaveLocked(tkt, tsk) {
	atomic {
		l = at[tkt];
		assert((woken[l] & bit(tkt)) != 0);	/* it is in that queue */
		woken[l] = woken[l] & ~bit(tkt);
		k = lim(tsk)
	};
	releaseLocked(k, l);
	atomic { calmLocked(l); l = 0; k = 0 }
}

/* node.rise */
inline rise(tsk) {
	lock();
	bed[tsk] = true;
	atomic {
		if
#ifdef BREAK_LATE
		:: false
#else
		:: done[tsk] -> k = NIL	/* the body has left this goroutine behind */
#endif
		:: else ->
			waits[tsk]++;
			k = NIL;
			if
			:: waits[tsk] == 1 && queued[tsk] != 0 -> k = F
			:: waits[tsk] == 1 && queued[tsk] == 0 && !bare[tsk] -> k = T
			:: else
			fi
		fi
	};
	if
	:: k == F ->
		atomic { t2 = queued[tsk]; queued[tsk] = 0 };
		leaveLocked(t2, tsk);
		atomic { tickets = tickets | bit(t2); t2 = 0 }
	:: k == T ->
		atomic { k = lim(tsk); leaveSlots(k) };
		releaseLocked(k, NIL)
	:: else
	fi;
	atomic { unlock(); k = 0 };
	start()
}

/* node.sit with ticket t; it wakes the waiter at once if it got the slots. */
inline sit(tkt, tsk) {
	lock();
	atomic {
		bed[tsk] = true;
		k = NIL;
		if
#ifdef BREAK_LATE
		:: false
#else
		:: done[tsk]
#endif
		:: else ->
			waits[tsk]--;
			if
			:: waits[tsk] > 0 || bare[tsk]
			:: waits[tsk] == 0 && !bare[tsk] && end -> bare[tsk] = true
			:: waits[tsk] == 0 && !bare[tsk] && !end -> k = lim(tsk)
			fi
		fi
	};
	if
	:: k != NIL ->
		climbLocked(k, tkt, 0);
		atomic {
			if
			:: k == NIL -> hold(lim(tsk))
			:: else -> queued[tsk] = tkt; k = F
			fi
		}
	:: else
	fi;
	atomic {
		unlock();
		if
		:: k == NIL -> assert(!woke[tkt]); woke[tkt] = true
		:: else
		fi;
		k = 0
	}
}

/* node.wake */
inline wake() {
	atomic { ok = asleep; asleep = false };
	if
	:: ok -> ok = false; sit(1, 1)
	:: else
	fi
}

/* Group.queue of task n, which found no slot at k */
inline queue(tsk) {
	lock();
	if
	:: end ->
		l = lim(tsk);
		releaseLocked(l, k);
		atomic { unlock(); l = 0; k = 0 };
		start();
		assert(!go[tsk] && !skipped[tsk]);
		skipped[tsk] = true
	:: else ->
		climbLocked(k, 0, tsk);
		atomic {
			if
			:: k == NIL -> hold(lim(tsk)); assert(!go[tsk] && !skipped[tsk]); go[tsk] = true
			:: else
			fi;
			unlock();
			k = 0
		}
	fi
}

/* Group.admit */
inline admit(tsk) {
	k = lim(tsk);
	do
	:: k != NIL ->
		take(k, ok);
		atomic {
			if
			:: ok -> k = up(k)
			:: else -> break
			fi
		}
	:: else -> break
	od;
	if
	:: k == NIL -> atomic { hold(lim(tsk)); assert(!go[tsk]); go[tsk] = true; k = 0; ok = false }
	:: else -> queue(tsk)
	fi
}

/* node.vacate, and grants.start */
inline vacate(tsk) {
	atomic {
		ok = bed[tsk];
		l = lim(tsk);
		if
		:: !ok -> leaveSlots(l)
		:: else
		fi
	};
	if
	:: !ok ->
		do
		:: l != NIL ->
			give(l, ok);
			atomic {
				if
				:: ok -> l = up(l); ok = false
				:: else -> break
				fi
			}
		:: else -> break
		od;
		if
		:: l != NIL -> lock(); releaseLocked(l, NIL); unlock(); start()
		:: else
		fi
	:: else ->
		lock();
		atomic {
#ifdef BREAK_HELD
			ok = !bare[tsk];
#else
			ok = (waits[tsk] == 0 && !bare[tsk] && queued[tsk] == 0);
#endif
			bare[tsk] = true;
			t2 = queued[tsk];
			queued[tsk] = 0
		};
		if
		:: t2 != 0 ->
			leaveLocked(t2, tsk);
			atomic { tickets = tickets | bit(t2); t2 = 0 }
		:: else
		fi;
		if
		:: ok ->
			atomic { l = lim(tsk); leaveSlots(l); ok = false };
			releaseLocked(l, NIL)
		:: else
		fi;
		unlock();
		start()
	fi;
	l = 0
}

/* Group.skipQueuedAt, for a group that has ended */
inline skipQueuedAt(first) {
	lock();
	l2 = first;
	do
	:: l2 != NIL ->
		do
		:: ready[l2] != 0 ->
			atomic {
				t2 = 1;
				do
				:: (ready[l2] & bit(t2)) != 0 -> break
				:: else -> t2++
				od;
				ready[l2] = ready[l2] & ~bit(t2);
				out = out | bit(t2);
				k = lim(t2);
				t2 = 0
			};
			releaseLocked(k, l2)
		:: else -> break
		od;
		do
		:: woken[l2] != 0 ->
			atomic {
				t2 = 1;
				do
				:: (woken[l2] & bit(t2)) != 0 -> break
				:: else -> t2++
				od;
				woken[l2] = woken[l2] & ~bit(t2);
				bare[owner(t2)] = true;
				queued[owner(t2)] = 0;
				k = lim(owner(t2))
			};
			releaseLocked(k, l2);
			atomic { tickets = tickets | bit(t2); t2 = 0 }
		:: else -> break
		od;
		atomic { calmLocked(l2); l2 = up(l2); k = 0 }
	:: else -> break
	od;
	atomic { unlock(); l2 = 0 };
	start();
	do
	:: out != 0 ->
		atomic {
			t2 = 1;
			do
			:: (out & bit(t2)) != 0 -> break
			:: else -> t2++
			od;
			out = out & ~bit(t2);
			assert(!go[t2] && !skipped[t2]);
			skipped[t2] = true;	/* Group.resume */
			t2 = 0
		}
	:: else -> break
	od
}

/* node.awaitHub: body n waits softly for 3, and may give up at any time. */
inline awaitSoft(tkt, tsk) {
	if
	:: done[3]
	:: else ->
		rise(tsk);
		atomic {	/* hub.join */
			ok = fired;
			if
			:: !ok -> seated = seated | bit(tkt)
			:: else
			fi
		};
		/* select: the hub has fired, or the context has ended */
		atomic {	/* hub.leave */
			ok = (ok || (seated & bit(tkt)) != 0);
			seated = seated & ~bit(tkt)
		};
		if
		:: ok -> ok = false; sit(tkt, tsk)
		:: else
		fi;
		woke[tkt]
	fi
}

/* A task's body, its settling and Group.passOn. */
proctype task(byte n) {
	byte k, l, gl, gt, gn, t2, tickets, nodes, save;
	bool ok;
	go[n] || skipped[n];
	if
	:: n == 1 && go[n] && !end ->
#ifdef SECOND
		run waiter(2, 1);
#endif
		/* awaitHard: see park.pml */
		rise(1);
		asleep = true;
		if
		:: done[3] || end -> wake()
		:: else
		fi;
		woke[1];
#ifdef SECOND
		joined
#endif
	:: n == 2 && go[n] && !end ->
#ifdef BEHIND
		run waiter(3, 2)	/* left behind */
#endif
	:: else
	fi;
	/* settling.publish */
	done[n] = true;
	if
	:: n == 3 ->
		wake();
		atomic { t2 = seated; seated = 0; fired = true };	/* hub.fire */
		if
		:: (t2 & bit(2)) != 0 -> atomic { t2 = t2 & ~bit(2) }; save = t2; t2 = 0; sit(2, 1); t2 = save; save = 0
		:: else
		fi;
		if
		:: (t2 & bit(3)) != 0 -> t2 = 0; sit(3, 2)
		:: else
		fi
	:: else
	fi;
	/* passOn: 4 keeps the slots of 3 if nobody waits for them */
	if
	:: n == 3 ->
		ok = (skipped[3] || bed[3] || word[F] == HELD);
		if
		:: !ok -> ok = (word[T] == HELD)
		:: else
		fi;
		if
		:: !ok -> go[4] = true; goto kept
		:: else -> ok = false; admit(4)
		fi
	:: else
	fi;
	if
	:: go[n] -> vacate(n)
	:: else
	fi;
kept:
	ok = false
}

/* A goroutine of body n */
proctype waiter(byte t; byte n) {
	byte k, l, gl, gt, gn, t2, tickets, nodes;
	bool ok;
	awaitSoft(t, n);
	if
	:: t == 2 -> joined = true
	:: else
	fi
}

/* Go, three times */
active proctype main() {
	byte k, l, gl, gt, gn, t2, tickets, nodes;
	bool ok;
	atomic { run task(1); run task(2); run task(3); run task(4) };
	admit(1);
	admit(2);
	admit(3);
	atomic {
		done[1] && done[2] && done[3] && done[4] && _nr_pr == 1;
		assert(word[T] == SLOTS && word[F] == SLOTS && !mu);
		assert(inside[T] == 0 && inside[F] == 0);
		assert(woken[T] == 0 && woken[F] == 0 && ready[T] == 0 && ready[F] == 0)
	}
}

#ifdef CANCEL
active proctype canceller() {
	byte k, l, l2, gl, gt, gn, t2, tickets, nodes, out;
	bool ok;
	end = true;
	wake();			/* Group.wakeParked */
	skipQueuedAt(F);	/* Group.skipQueued */
	skipQueuedAt(T)
}
#endif
