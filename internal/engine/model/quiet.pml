/*
 * quiet.pml: who notices that nobody can go on, and begins what is held (quiet.go,
 * held.go, relay.go, wait.go).
 *
 * Main declares the bodies 1 and 2 and waits. A body may ask: then it holds a call
 * back, unless one is open, and waits for that. Body 1 may declare 3, and body 2 may
 * wait for 1. With LEAVES body 1 declares nothing, and leaves a goroutine behind that
 * waits for 2 in its name, which does not wait for 1. With RESTS it declares nothing, and
 * the first call asks for another while it rests. With OUTSIDER somebody of no body declares
 * 4 at any time, and there is no 2. With LOSER body 1 is called twice (package tail): 3 is
 * the second call, which when it has lost goes on until 2 has ended; body 1 has
 * ended then, and its worker waits for 3 (wrap.go). With SLOTS, too, both have slots for
 * which 2 queues, and 3 ends by itself. The calls are 5, 6 and 7.
 *
 * Checked: when it is quiet, every body that has begun waits for something that has not
 * ended, but for one that has lost, and nothing is queued but what the outsider is about to
 * start, nor for a slot; what is held begins, so that all end; nobody is counted in the end, and no call is empty.
 *
 * check:
 * check: -DLEAVES
 * check: -DRESTS
 * check: -DOUTSIDER
 * check: -DLOSER
 * check: -DLOSER -DSLOTS
 * break: BREAK_ASKFIRST -DLEAVES
 * break: BREAK_SELF
 * break: BREAK_EACH -DLEAVES
 * break: BREAK_LEFT -DLEAVES
 * break: BREAK_SWAP -DLEAVES
 * break: BREAK_LOOK -DRESTS
 * break: BREAK_SEARCHER -DOUTSIDER
 * break: BREAK_QUIT
 * break: BREAK_OUTWAIT -DLOSER
 * break: BREAK_UNCOUNTED -DLOSER
 * break: BREAK_DOZE -DLOSER
 * break: BREAK_SLOT -DLOSER -DSLOTS
 */
#define bit(n)	(1 << ((n) - 1))
#define HELPER	8	/* the goroutine that body 1 has left behind */
#define bodyOf(w) ((w) == HELPER -> 1 : (w))
#define NEVER	-50

byte awake = 1;		/* quiet.awake: the caller */
byte held;		/* quiet.held, a set */
short asleep[8];	/* claim.asleep */
byte in;		/* the queue, a set */
byte searchers;
byte open;		/* the call that takes keys, 0 if none */
byte calls = 4;		/* the last one made */
byte waits[8];		/* of each node, who waits for it */
byte done, begun;	/* sets */
byte blocked;		/* who sleeps, a set; of these, */
byte woken;
byte on[9];		/* for what */
byte outside;		/* what the outsider has queued, and not started anybody for */
byte keys[8];		/* of each call */
byte second;		/* the state of the second call: undecided, or */
#define BEGUN	1
#define DROPPED	2
#define OVER	3
#define LOST	4
#ifdef SLOTS
byte lane = bit(2);	/* who queues for a slot */
#else
byte lane;
#endif

/* At the moment when awake becomes 0. */
inline check() {
	d_step {
		assert((in & ~outside) == 0 && lane == 0);
		i = 1;
		do
		:: i > 7 -> break
		:: else ->
			if
			:: (begun & ~done & bit(i)) && i < 5 && !(i == 3 && second == LOST) ->
				/* its own wait, or one in its name */
				assert((blocked & bit(i)) && !(done & bit(on[i])) ||
				       i == 1 && (blocked & bit(HELPER)) && !(done & bit(on[HELPER])))
			:: else
			fi;
			i++
		od;
		i = 0
	}
}

/* Node.release, push */
inline push(n) { in = in | bit(n) }

/* startSearcher, by who is counted */
inline start() {
	if
	:: searchers == 0 ->
		awake++;
		atomic {
			if
			:: searchers == 0 -> searchers = 1; run Worker()
			:: else -> awake--; assert(awake > 0)
			fi
		}
	:: else
	fi
}

/* lullOne, with beginHeld */
inline lull() {
	do
	:: atomic {
		awake--;
		if
		:: awake > 0 -> break
		:: else -> check()
		fi
	   };
	   atomic {
		took = held; held = 0;
		if
		:: took == 0 -> break
		:: else -> awake++
		fi
	   };
	   push3(took);
	   start()
	od;
	took = 0
}

inline push3(set) { in = in | set }

/* fallAsleep */
inline fall(b) {
	atomic { asleep[b]++; one = (asleep[b] == 1) };
#ifdef BREAK_EACH
	one = true;
#endif
	if
	:: one -> one = false; lull()
	:: else
	fi
}

/* Node.rouse */
inline rouse(b) {
#ifdef BREAK_ASKFIRST
	atomic { asleep[b]--; one = (asleep[b] == 0) };
	if
	:: one -> awake++
	:: else
	fi
#else
	awake++;
	atomic { asleep[b]--; one = (asleep[b] == 0) };
	if
	:: !one -> lull()
	:: else -> one = false
	fi
#endif
}

/* Await of n, by the goroutine w */
inline await(w, n) {
	atomic {
		if
		:: done & bit(n)
		:: else -> waits[n] = waits[n] | bit(w); blocked = blocked | bit(w); on[w] = n; sleeps = true
		fi
	};
	if
	:: sleeps ->
		fall(bodyOf(w));
		atomic { woken & bit(w) -> woken = woken & ~bit(w); sleeps = false };
#ifdef BREAK_SELF
		rouse(bodyOf(w));
#endif
	:: else
	fi
}

/* Loader.ask, Hold; by the body b */
inline ask(b) {
	atomic {
		isnew = (open == 0);
		if
		:: isnew -> calls++; open = calls
		:: else
		fi;
		mine = open;
		keys[mine]++
	};
	if
	:: isnew ->
		held = held | bit(mine);
#ifndef BREAK_LOOK
		if
		:: awake == 0 ->
			atomic {
				took = held & bit(mine);
				held = held & ~bit(mine)
			};
			if
			:: took != 0 -> push(mine); took = 0; startfree()
			:: else
			fi
		:: else
		fi
#endif
	:: else
	fi;
	isnew = false;
	await(b, mine);
	mine = 0
}

/* startSearcher, by who may not be counted */
inline startfree() {
	if
	:: searchers == 0 ->
#ifdef BREAK_SEARCHER
		atomic { if :: searchers == 0 -> searchers = 1; isnew = true :: else -> isnew = false fi };
		if
		:: isnew -> awake++; run Worker()
		:: else
		fi
#else
		awake++;
		atomic {
			if
			:: searchers == 0 -> searchers = 1; run Worker(); isnew = true
			:: else -> isnew = false
			fi
		};
		if
		:: !isnew -> lull()
		:: else -> isnew = false
		fi
#endif
	:: else
	fi
}

/* succeed, forget, tell */
inline settle(n) {
	if
	:: n < 5 ->
#ifdef BREAK_SWAP
		atomic { one = (asleep[n] > 0); asleep[n] = NEVER };
		if
		:: one -> awake++
		:: else
		fi
#else
#ifndef BREAK_LEFT
		awake++;						/* wakeForGood */
		atomic { one = (asleep[n] > 0); asleep[n] = NEVER };
		if
		:: !one -> lull()
		:: else -> one = false
		fi
#endif
#endif
	:: else
	fi;
	atomic { done = done | bit(n); list = waits[n]; waits[n] = 0 };
	w = 1;
	do
	:: w > HELPER -> break
	:: w <= HELPER && (list & bit(w)) ->
#ifndef BREAK_SELF
		rouse(bodyOf(w));
#endif
		atomic { blocked = blocked & ~bit(w); woken = woken | bit(w) };
		w++
	:: w <= HELPER && !(list & bit(w)) -> w++
	od;
	w = 0; list = 0
}

/* Slots are free: who queues for one is admitted. */
inline freeSlots() {
	atomic { in = in | lane; isnew = (lane != 0); lane = 0 };
	if
	:: isnew -> isnew = false; start()
	:: else
	fi
}

/* call.lose of package tail, after the first call has succeeded, with Doze */
inline lose() {
	atomic {
		isnew = (second == BEGUN);
		second = (second == 0 -> DROPPED : (isnew -> LOST : second))
	};
#if !defined(BREAK_DOZE) && (!defined(SLOTS) || defined(BREAK_SLOT))
	if
	:: isnew -> isnew = false; fall(3)
	:: else
	fi;
#endif
	isnew = false
}

/* The body of the second call, whose end makes good for Doze */
inline runSecond() {
	atomic { isnew = (second == 0); second = (isnew -> BEGUN : second) };
	if
	:: isnew ->
		isnew = false;
#ifndef SLOTS
		if
		:: second == LOST -> (done & bit(2))	/* it does not look at its context */
		:: true
		fi;
#endif
		atomic { isnew = (second == LOST); second = (isnew -> LOST : OVER) };
		isnew = false
	:: else
	fi
}

/* worker.outwait, for the second call */
inline outwait() {
#if !defined(BREAK_OUTWAIT) && (!defined(SLOTS) || defined(BREAK_SLOT))
	lull();
	(done & bit(3));
#ifndef BREAK_UNCOUNTED
	awake++
#endif
#else
	(done & bit(3))
#endif
}

proctype Helper() {
	byte i, took; bool one, sleeps;
	await(HELPER, 2)
}

proctype Worker() {
	byte i, n, w, took, list, mine;
	bool one, sleeps, isnew, first = true, left;
	do
	:: atomic {
		if :: first -> searchers--; first = false :: else fi;
		if
		:: in == 0 -> break
		:: in & bit(1) -> n = 1
		:: in & bit(2) -> n = 2
		:: in & bit(3) -> n = 3
		:: in & bit(4) -> n = 4
		:: in & bit(5) -> n = 5
		:: in & bit(6) -> n = 6
		:: in & bit(7) -> n = 7
		fi;
		in = in & ~bit(n); outside = outside & ~bit(n);
		assert(!(begun & bit(n)));
		begun = begun | bit(n);
		left = (in != 0)
	   };
	   if
	   :: left -> left = false; start()
	   :: else
	   fi;
	   if
	   :: n == 1 ->
#ifdef LOSER
		push(3); start();
#elif !defined(RESTS) && !defined(LEAVES)
		if
		:: push(3); start()
		:: true
		fi;
#endif
#ifdef LEAVES
		run Helper();
#endif
#ifdef LOSER
		lose()
#else
		skip;
		if
		:: ask(1)
		:: true
		fi
#endif
	   :: n == 2 ->
#ifndef LEAVES
		if
		:: await(2, 1)
		:: true
		fi;
#endif
		ask(2)
#ifdef LOSER
	   :: n == 3 -> runSecond()
#endif
	   :: n == 4
#ifndef LOSER
	   :: n == 3
#endif
	   :: n >= 5 ->
		assert(keys[n] > 0);
		atomic { if :: open == n -> open = 0 :: else fi };
		fall(n);		/* Rest */
#ifdef RESTS
		if
		:: n == 5 -> ask(5)
		:: else
		fi;
#endif
		rouse(n)
	   fi;
	   settle(n);
#ifdef LOSER
	   if
	   :: n == 1 -> outwait()
	   :: else
	   fi;
#ifdef SLOTS
	   if
	   :: n == 1 || n == 3 -> freeSlots()
	   :: else
	   fi;
#endif
#endif
	   n = 0
	od;
#ifndef BREAK_QUIT
	lull()
#endif
}

active proctype Main() {
	byte i, took;
	push(1); start();
#if !defined(OUTSIDER) && !defined(SLOTS)
	push(2); start();
#endif
	lull()
}

#ifdef OUTSIDER
active proctype Outsider() {
	byte i, took;
	bool isnew;
	if
	:: begun & bit(1) ->
		atomic { outside = bit(4); push(4) };
		startfree();
		outside = 0
	:: true
	fi
}
#endif

active proctype Watch() {
	timeout ->
	assert(held == 0 && in == 0 && lane == 0 && searchers == 0);
	assert((done & bit(1)) && begun == done);
	assert(awake == 0)
}
