/*
 * calls.pml: calls of a body under an Around (wrap.go, callcontext.go, outwait of
 * worker.go, publish and drop of settle.go).
 *
 * The worker of n calls its Around, which returns at any time. Two goroutines call the
 * body, at any time, also when it is too late. A call succeeds, fails, panics, waits for
 * the end of its context, or, when the Around has returned, for a dependent of n. With
 * NEST the first of them calls another Around, and the second goroutine the body in
 * that. The group may be canceled at any time.
 *
 * Checked: a call begins only while its Around has not returned and none has died, and
 * those that are open then are canceled; n is settled and its dependent starts though
 * calls are open; the function stays, the slot is n's and the group is not over until the
 * last step of the last call; the first success is the value, which is never overwritten
 * once it is published, and every other one is lost, before the group is over; a panic is
 * raised, whenever it comes; who records an end cancels.
 *
 * safe:
 * safe: -DNEST
 * break: BREAK_LATE
 * break: BREAK_CHECK
 * break: BREAK_DEAD
 * break: BREAK_CANCEL
 * break: BREAK_KEEP
 * break: BREAK_FIRST
 * break: BREAK_WON
 * break: BREAK_LOSE
 * break: BREAK_OUTWAIT
 * break: BREAK_PUSH
 * break: BREAK_SLOT
 * break: BREAK_COUNT
 * break: BREAK_LAST
 * break: BREAK_RAISE
 * break: BREAK_DIE
 * break: BREAK_LATE -DNEST
 * break: BREAK_OUTWAIT -DNEST
 */
#define NIL	0	/* how an Around returns */
#define ERR	1
#define PANIC	2

#ifdef NEST
#define frameOf(c)	(c)
#define of(f)		(1 << (f))
#else
#define frameOf(c)	0
#define of(f)		3
#endif
#define bit(c)	(1 << (c))

/* calls, all under its mu: a critical section is one step. */
bool returned[2];	/* frame.returned */
byte running;		/* frame.running of both, a set of calls */
byte left;		/* calls.left and open, which change together */
bool dead;		/* calls.dead */
bool kept, won, last, closed;

byte val;		/* the value of n: that of call val-1 */
byte lost;		/* values that are kept for an undo, a set */
bool nslot = true;	/* n's slot */
bool dropped;		/* Node.drop: the function and its arguments are gone */
bool published, success;
bool pushed, depDone;	/* of the dependent */
bool ending, ctxDead;	/* Group.ending, and its context has ended */
byte ended;		/* tasks that were counted off: n and the dependent */
byte canceled;		/* contexts of calls, a set */

/* What only the model knows. */
byte inside;		/* calls that have begun and not made their last step */
byte succeeded;		/* calls, a set */
bool inner;		/* the Around in call 0 runs, or has */
bool panicked, raised;

#define over	(ended == 2)
#define isEnded(c)	((canceled & bit(c)) != 0 || ctxDead || closedAround(c))
#ifdef NEST
#define closedAround(c)	((c) == 1 && (canceled & 1) != 0)	/* derived from it */
#else
#define closedAround(c)	false
#endif

/* frame.close */
inline close(f) {
	atomic { returned[f] = true; set = running & of(f) };
#ifndef BREAK_CANCEL
	atomic { canceled = canceled | set; set = 0 }
#endif
}

/* frame.begin; it sets ok. */
inline begin(c) {
#ifdef BREAK_CHECK
	ok = !returned[frameOf(c)];
	atomic {
		ok = ok && !dead;
#else
	atomic {
		ok = true;
#ifndef BREAK_LATE
		ok = ok && !returned[frameOf(c)];
#endif
#ifndef BREAK_DEAD
		ok = ok && !dead;
#endif
#endif
		if
		:: ok ->
			assert(!dead);
			running = running | bit(c); left++; inside++
		:: else
		fi
	}
}

/* frame.end */
inline endCall(c, good) {
#ifdef BREAK_LAST
	atomic { running = running & ~bit(c); left-- };
	inside--
#else
	canceled = canceled | (good -> 0 : bit(c));
	atomic { running = running & ~bit(c); left--; inside-- }
#endif
}

/* keep of package asap, with BeginKeep and EndKeep */
inline keep(c) {
	atomic {
		succeeded = succeeded | bit(c);
		if
#if defined(BREAK_KEEP)
		:: !kept ->
#elif defined(BREAK_FIRST)
		:: !closed ->
#else
		:: !kept && !closed ->
#endif
			assert(!published && val == 0);
			kept = true; val = c + 1
		:: else -> lost = lost | bit(c)
		fi
	}
}

/* what the function of the user may rely on */
inline runs() { assert(!dropped && nslot && !over) }

/* Host.Panicked, calls.die and its cancel */
inline die() {
	panicked = true;
#ifdef BREAK_RAISE
	atomic { raised = raised || !closed; mine = !ending; ending = true };
#else
	atomic { raised = true; mine = !ending; ending = true };
#endif
	dead = true;
#ifndef BREAK_DIE
	if
	:: mine -> ctxDead = true
	:: else
	fi;
#endif
	mine = false
}

/* calls.call: it sets good. */
inline call(c) {
	runs();
	if
	:: keep(c); won = true; good = true
	:: last = true
	:: true -> isEnded(c); runs(); last = true
	:: true -> isEnded(c); runs(); keep(c); won = true; good = true
	:: true -> returned[0]; depDone; runs(); last = true
	:: die()
	fi
}

/* A goroutine that an Around has started, or another one that has got the body */
active [2] proctype goes() {
	bool ok, good, mine;
	byte set;
	byte c = _pid;
#ifdef NEST
	c == 0 || inner;
#endif
	begin(c);
	if
	:: ok ->
#ifdef NEST
		if
		:: c == 0 ->
			inner = true;
			runs();
			if
			:: good = true
			:: true
			:: (running & 2) == 0
			fi;
			close(1)
		:: else -> call(c)
		fi;
#else
		call(c);
#endif
		endCall(c, good)
	:: else
#ifdef NEST
		if
		:: c == 0 -> atomic { returned[1] = true; inner = true }	/* no frame */
		:: else
		fi
#endif
	fi
}

/* Node.drop */
inline drop() {
	atomic {
		dropped = true;
		if
#ifndef BREAK_LOSE
		:: !success && kept -> lost = lost | bit(val - 1); val = 0	/* Task.forget */
#endif
		:: else
		fi
	}
}

inline countEnded(k) {
	atomic {
		ended = ended + k;
		if
		:: over ->
			assert(inside == 0 && !nslot && dropped);
			assert(!panicked || raised);
			assert(!ending || ctxDead);
			assert(succeeded == (lost | (success -> bit(val - 1) : 0)));
			assert(!success || (lost & bit(val - 1)) == 0)
		:: else
		fi
	}
}

/* The worker of n */
active proctype worker() {
	byte set, how;
	bool fails, mine, outlived;
	if
	:: how = NIL
	:: how = ERR
	:: how = PANIC
	:: won -> how = NIL	/* as one that hedges */
	fi;
	close(0);
	/* calls.all */
#ifdef BREAK_WON
	fails = (how != NIL);
#else
	fails = (how != NIL || !won);
#endif
	closed = true;
	/* callBody, and Host.Returned, or Panicked of the Around itself */
	if
	:: how == PANIC -> atomic { panicked = true; raised = true }
	:: else
	fi;
	atomic {
		fails = fails || dead;
		if
		:: fails && !ending -> mine = true; ending = true
		:: else
		fi
	};
	/* settling.publish */
	outlived = (left > 0);
#ifdef BREAK_OUTWAIT
	outlived = false;
#endif
	success = !fails;
	if
	:: outlived
	:: else -> drop()
	fi;
	atomic { published = true; assert(fails || val != 0); depDone = fails };
	/* cutAndCancel */
	if
	:: mine -> ctxDead = true
	:: else
	fi;
#ifdef BREAK_SLOT
	nslot = false;
#endif
#ifdef BREAK_COUNT
	nslot = false;
	pushed = !fails;
	countEnded((fails -> 2 : 1));
#endif
	/* worker.outwait */
	if
	:: outlived ->
#ifndef BREAK_PUSH
		pushed = !fails;
#endif
		left == 0;
		drop()
	:: else
	fi;
	pushed = !fails;
	nslot = false;
#ifndef BREAK_COUNT
	countEnded((fails -> 2 : 1))	/* with the dependent, if that is skipped */
#endif
}

/* The worker of the dependent: it runs, or is skipped as the group has ended. */
active proctype dependent() {
	end: pushed;
	if
	:: ending
	:: !ending -> assert(success && val != 0)
	fi;
	depDone = true;
	countEnded(1)
}

active proctype canceller() {
	if
	:: atomic { !ending && !over -> ending = true; ctxDead = true }
	:: true
	fi
}
