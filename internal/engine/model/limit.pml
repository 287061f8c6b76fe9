/*
 * limit.pml: slots, taken and given by compare-and-swap or under the mutex, by
 * bodies that start, wait, go on and end (limit.go, admit.go, slot.go, queued.go).
 *
 * T is a group's limit and F that of a Map in it, both of one slot. Task 1 runs
 * at T, tasks 2 and 3 at F, and the end of 3 makes 4 ready, at F too. Body 1
 * waits for 3 (wait 1), and with SECOND so does a goroutine that it starts
 * and joins (wait 2). Body 2 leaves a goroutine behind that waits for 3 as
 * well (wait 3), and may get to it when the body has long ended. With CANCEL
 * the group is canceled at any time.
 *
 * Left out: who of those in a queue is next. A queue is two sets here, of bodies
 * that go on and of those that start, without ranks, turns and entries that were
 * left behind: those are in rank.pml.
 *
 * Checked: bodies never hold more slots than there are; in the end every slot
 * is free again and nobody is queued; each task is started or skipped, once;
 * each wait is ended and woken once, and a body that goes on has its slots, or is
 * bare; who ends a group leaves nobody of it in a queue; everything ends.
 *
 * check:
 * check: -DCANCEL
 * check: -DBEHIND
 * check: -DSECOND
 * break: BREAK_GIVE
 * break: BREAK_CONTENDED
 * break: BREAK_QUEUED
 * break: BREAK_EARLY -DSECOND
 * break: BREAK_FURTHER -DCANCEL
 * break: BREAK_HELD -DBEHIND
 * break: BREAK_LATE -DBEHIND
 */
#define T	0
#define F	1
#define NIL	2	/* no level above */
#define SLOTS	1
#define HELD	255	/* Limiter.word: contended */

#define up(l)	((l) == F -> T : NIL)
#define lim(n)	((n) == 1 -> T : F)
#define by(w)	((w) == 3 -> 2 : 1)	/* wait.by */
#define bit(x)	(1 << (x))

byte word[2] = SLOTS;
byte going[2];		/* queue.going: a set of waits */
byte ready[2];		/* queue.ready: a set of tasks */
bool mu;		/* of T, for both levels */
bool end;		/* Group.ending, stored before who ends the group takes the queues */

/* claim, guarded by mu */
short waiting[5];
byte queued[5];		/* a wait, 0 if none */
byte at[5];
bool bare[5];
bool waiter[5];		/* Node.waiter() != nil */

bool over[4];		/* wait.ended */
bool woke[4];		/* its WaitGroup is done */
bool linked;		/* wait 1 is in the list of 3 */
byte hub;		/* waits in the hub of 3, a set */
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

/* Limiter.take and give: a compare-and-swap that fails changes nothing */
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

/* Limiter.climbLocked: for the wait w, or else task n. It sets l to NIL if it got all. */
inline climbLocked(lev, wt, tsk) {
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
				:: wt != 0 -> at[by(wt)] = lev; going[lev] = going[lev] | bit(wt)	/* pushGoing */
				:: else -> ready[lev] = ready[lev] | bit(tsk)	/* pushReady */
				fi;
				break
			fi
		}
	:: else -> break
	od
}

/* Limiter.calmLocked */
inline calmLocked(lev) {
	if
	:: going[lev] == 0 && ready[lev] == 0 && word[lev] == HELD -> word[lev] = 0
	:: else
	fi
}

/*
 * Limiter.giveLocked. What happens while the word says contended is one step:
 * nobody without the mutex changes anything then. gt and gn get who was next.
 */
inline giveLocked(lev) {
	atomic {
		gt = 0; gn = 0;
		if
		:: word[lev] != HELD ->
			word[lev] = word[lev] + 1;
			assert(word[lev] <= SLOTS);
			gl = NIL
		:: word[lev] == HELD && going[lev] != 0 ->
			do
			:: (going[lev] & bit(gt)) != 0 -> break
			:: else -> gt++
			od;
			going[lev] = going[lev] & ~bit(gt)
		:: word[lev] == HELD && going[lev] == 0 && ready[lev] != 0 ->
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
	:: gt != 0 || gn != 0 ->	/* who was popped moves up */
		climbLocked(gl, gt, gn);
		atomic {
			if
			:: gl == NIL && gt != 0 ->
				hold(lim(by(gt)));
#ifndef BREAK_QUEUED
				queued[by(gt)] = 0;
#endif
				waits = waits | bit(gt)	/* grants.addGoing */
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

/* Limiter.giveAllLocked, from l to below last */
inline giveAllLocked(lev, below) {
	do
	:: lev != below -> giveLocked(lev); lev = up(lev)
	:: else -> break
	od
}

/* grants.deliver; each push and each WaitGroup.Done is a step of its own */
inline deliver() {
	do
	:: waits != 0 ->
		atomic {
			gt = 1;
			do
			:: (waits & bit(gt)) != 0 -> break
			:: else -> gt++
			od;
			waits = waits & ~bit(gt);
			assert(!woke[gt]);
			woke[gt] = true;
			gt = 0
		}
	:: waits == 0 && nodes != 0 ->
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

/* claim.dropLocked, for a body that is queued */
inline dropLocked(tsk) {
	atomic {
		t2 = queued[tsk];
		queued[tsk] = 0;
		waits = waits | bit(t2);	/* grants.addGoing */
		l = at[tsk];
		assert((going[l] & bit(t2)) != 0);	/* it is in that queue */
		going[l] = going[l] & ~bit(t2);
		t2 = 0;
		k = lim(tsk)
	};
	giveAllLocked(k, l);
	atomic { calmLocked(l); l = 0; k = 0 }
}

/* Node.giveSlots: what is raised then is in rank.pml. */
inline giveSlots(tsk) {
	waiter[tsk] = true;	/* before it looks whether the body has ended */
	lock();
	atomic {
		if
#ifdef BREAK_LATE
		:: false
#else
		:: done[tsk] -> k = NIL	/* the body has left this goroutine behind */
#endif
		:: else ->
			waiting[tsk]++;
			k = NIL;
			if
			:: waiting[tsk] == 1 && queued[tsk] != 0 -> k = F
			:: waiting[tsk] == 1 && queued[tsk] == 0 && !bare[tsk] -> k = T
			:: else
			fi
		fi
	};
	if
	:: k == F -> dropLocked(tsk)
	:: k == T ->
		atomic { k = lim(tsk); leaveSlots(k) };
		giveAllLocked(k, NIL)
	:: else
	fi;
	atomic { unlock(); k = 0 };
	deliver()
}

/* Node.takeSlots for the wait w, which it wakes if it reports true */
inline takeSlots(wt, tsk) {
	lock();
	atomic {
		k = NIL;
		if
#ifdef BREAK_LATE
		:: false
#else
		:: done[tsk]
#endif
		:: else ->
			waiter[tsk] = true;
#ifdef BREAK_EARLY
			if
			:: waiting[tsk] > 0 -> waiting[tsk]--	/* who has not given takes nothing */
			:: else
			fi;
#else
			waiting[tsk]--;
#endif
			if
			:: waiting[tsk] != 0 || bare[tsk]
			:: waiting[tsk] == 0 && !bare[tsk] && end -> bare[tsk] = true
			:: waiting[tsk] == 0 && !bare[tsk] && !end -> k = lim(tsk)
			fi
		fi
	};
	if
	:: k != NIL ->
		climbLocked(k, wt, 0);
		atomic {
			if
			:: k == NIL -> hold(lim(tsk))
			:: else -> queued[tsk] = wt; k = F
			fi
		}
	:: else
	fi;
	atomic {
		unlock();
		if
		:: k == NIL -> assert(!woke[wt]); woke[wt] = true	/* wait.wake */
		:: else
		fi;
		k = 0
	}
}

/* wait.end */
inline endWait(wt) {
	atomic { ok = !over[wt]; over[wt] = true };	/* CompareAndSwap */
	if
	:: ok -> ok = false; takeSlots(wt, by(wt))
	:: else
	fi
}

/* Group.admitAt of task n, which found no slot at k */
inline admitAt(tsk) {
	lock();
	if
	:: end ->
		l = lim(tsk);
		giveAllLocked(l, k);
		atomic { unlock(); l = 0; k = 0 };
		deliver();
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
	:: else -> admitAt(tsk)
	fi
}

/* Node.vacate, and grants.deliver */
inline vacate(tsk) {
	atomic {
		ok = waiter[tsk];
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
		:: l != NIL -> lock(); giveAllLocked(l, NIL); unlock(); deliver()
		:: else
		fi
	:: else ->
		lock();
		atomic {	/* claim.vacateLocked */
#ifdef BREAK_HELD
			ok = !bare[tsk];
#else
			ok = (waiting[tsk] <= 0 && !bare[tsk] && queued[tsk] == 0);
#endif
			bare[tsk] = true
		};
		if
		:: queued[tsk] != 0 -> dropLocked(tsk)
		:: else
		fi;
		if
		:: ok ->
			atomic { l = lim(tsk); leaveSlots(l); ok = false };
			giveAllLocked(l, NIL)
		:: else
		fi;
		unlock();
		deliver()
	fi;
	l = 0
}

/* A slot that somebody gives back who has left the queue of T for good, and had that of F */
inline giveFurther() {
	do
	:: holding > 0 ->
		holding--;
		k = F;
		giveAllLocked(k, T)
	:: else -> break
	od
}

/* dropping.dropLocked of all in the queue of lev */
inline dropAll(lev) {
	atomic {
		out = out | ready[lev];
		t2 = 1;
		do
		:: t2 < 5 ->
			if
			:: (ready[lev] & bit(t2)) != 0 && lim(t2) != lev -> holding++
			:: else
			fi;
			if
			:: t2 < 4 && (going[lev] & bit(t2)) != 0 ->
				bare[by(t2)] = true;
				queued[by(t2)] = 0;
				holding = holding + (lim(by(t2)) != lev)
			:: else
			fi;
			t2++
		:: else -> break
		od;
		waits = waits | going[lev];
		ready[lev] = 0;
		going[lev] = 0;
		calmLocked(lev);
		t2 = 0
	}
}

/* Group.skipAllQueued, for a group that has ended */
inline skipAllQueued() {
	lock();
	dropAll(T);
#ifdef BREAK_FURTHER
	l2 = ready[F] | going[F];
	giveFurther();	/* to those who are to leave as well */
	if	/* who has moved is not looked for */
	:: (ready[F] | going[F]) == l2 -> dropAll(F)
	:: else
	fi;
#else
	dropAll(F);
	giveFurther();
#endif
	assert(ready[T] == 0 && going[T] == 0 && ready[F] == 0 && going[F] == 0);
	atomic { unlock(); k = 0; l2 = 0 };
	deliver();
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
			skipped[t2] = true;	/* Group.skip */
			t2 = 0
		}
	:: else -> break
	od
}

/* Node.beginAtHub, sleep and conclude: body n waits for 3, and may leave early. */
inline awaitAtHub(wt, tsk) {
	if
	:: done[3]
	:: else ->
		atomic {	/* Group.addToHub */
			ok = !fired;
			if
			:: ok -> hub = hub | bit(wt)
			:: else
			fi
		};
		if
		:: ok -> ok = false
		:: else -> endWait(wt)
		fi;
		giveSlots(tsk);
		if
		:: woke[wt]
		:: true -> endWait(wt)	/* its own context has ended */
		fi;
		woke[wt];
		hub = hub & ~bit(wt)	/* Group.removeFromHub */
	fi
}

/* A task's body, its settling and worker.nextLimited */
proctype task(byte n) {
	byte k, l, gl, gt, gn, t2, waits, nodes, save;
	bool ok;
	go[n] || skipped[n];
	if
	:: n == 1 && go[n] && !end ->
#ifdef SECOND
		run goroutine(2, 1);
#endif
		/* Node.beginDirect */
		atomic { ok = !done[3]; linked = ok };
		if
		:: !ok || end -> endWait(1)	/* not linked, or not parked */
		:: else -> ok = false
		fi;
		giveSlots(1);
		woke[1];
#ifdef SECOND
		joined;
#endif
		assert(waiting[1] == 0 && queued[1] == 0)	/* it has its slots, or is bare */
	:: n == 2 && go[n] && !end ->
#ifdef BEHIND
		run goroutine(3, 2)	/* left behind */
#endif
	:: else
	fi;
	/* settling.publish */
	done[n] = true;
	if
	:: n == 3 ->
		if
		:: linked -> endWait(1)	/* Node.tell */
		:: else
		fi;
		atomic { save = hub; hub = 0; fired = true };	/* hub.fire */
		if
		:: (save & bit(2)) != 0 -> endWait(2)
		:: else
		fi;
		if
		:: (save & bit(3)) != 0 -> endWait(3)
		:: else
		fi;
		save = 0
	:: else
	fi;
	/* 4 keeps the slots of 3 if nobody waits for them. */
	if
	:: n == 3 && skipped[3] -> atomic { assert(!go[4] && !skipped[4]); skipped[4] = true }
	:: n == 3 && !skipped[3] ->
		ok = (waiter[3] || word[F] == HELD);
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
proctype goroutine(byte w; byte n) {
	byte k, l, gl, gt, gn, t2, waits, nodes;
	bool ok;
	awaitAtHub(w, n);
	if
	:: w == 2 -> joined = true
	:: else
	fi
}

/* Go, three times */
active proctype main() {
	byte k, l, gl, gt, gn, t2, waits, nodes;
	bool ok;
	atomic { run task(1); run task(2); run task(3); run task(4) };
	admit(1);
	admit(2);
	admit(3);
	atomic {
		done[1] && done[2] && done[3] && done[4] && _nr_pr == 1;
		assert(word[T] == SLOTS && word[F] == SLOTS && !mu);
		assert(inside[T] == 0 && inside[F] == 0);
		assert(going[T] == 0 && going[F] == 0 && ready[T] == 0 && ready[F] == 0)
	}
}

#ifdef CANCEL
active proctype canceller() {
	byte k, l, l2, gl, gt, gn, t2, waits, nodes, out, holding;
	bool ok;
	/* Group.cancel, once Record has said why */
	end = true;
	if	/* Group.endParked: who parks later sees the end. */
	:: linked -> endWait(1)
	:: else
	fi;
	skipAllQueued()
}
#endif
