/*
 * context.pml: the one real context behind all bodies, made by the first who
 * needs it, against the group's end and the parent's (context.go, end.go).
 *
 * A body, and a goroutine that another has left behind, ask for Err and Done.
 * A body may fail, which ends the group with a cause; the group ends when its
 * bodies have; the parent may end at any time. Its Err, which is the base's
 * parent's, is seen before the real context can have ended by it: of a foreign
 * context before its Done is closed, and of a group in groups before the real
 * contexts of those around have ended.
 *
 * Checked: all who ask get the same Done; a real context that lost is canceled,
 * so that nothing stays registered with the parent; once the group has ended
 * every Done is closed; Err does not go back to nil, not even for a moment, and
 * is not ahead of Done; it is not nil when the parent's end has arrived at all of
 * its children, nor when the group has ended; a failure is the cause unless the
 * parent ended first.
 *
 * check:
 * break: BREAK_STORE
 * break: BREAK_LOSER
 * break: BREAK_LOOK
 * break: BREAK_ORDER
 * break: BREAK_MADE
 * break: BREAK_PARENT
 * break: BREAK_BACK
 * break: BREAK_OVER
 * break: BREAK_STALE
 */
#define MAKERS	3	/* who may make a real context: 0 is none */
#define NONE	0
#define PARENT	1	/* causes */
#define FAILED	2
#define NIL	3	/* cancel(nil): context.Canceled */

byte real;		/* Group.realContext */
bool made[MAKERS + 1];
byte cause[MAKERS + 1];	/* of each real context, NONE while it lives */
bool parentErr;		/* the parent's Err is not nil */
byte parent;		/* PARENT when who is made from now on ends with it */
bool arrived;		/* at all of the parent's children */
bool over;		/* Group.over */
bool ending;		/* Group.ending, by a failure */
bool canceled;		/* Group.cancel has returned */
bool idle;		/* Group.idle is done */

byte asked;		/* the Done that somebody was given */
byte bodies = 2;	/* that have not ended */

/* cancelCtx.cancel: the first cause counts */
inline cancel(c, why) {
	atomic {
		if
		:: cause[c] == NONE -> cause[c] = why
		:: else
		fi
	}
}

/* Group.makeRealContext, by maker me; r gets the real context. */
inline makeRealContext(me, r) {
	r = real;
	if
	:: r == 0 ->
		/* context.WithCancelCause */
		atomic { made[me] = true; cause[me] = parent };
#ifdef BREAK_STORE
		real = me;	/* whoever was first */
		r = me;
#else
		atomic {	/* CompareAndSwap */
			if
			:: real == 0 -> real = me
			:: else
			fi;
			r = real
		};
		if
#ifdef BREAK_LOSER
		:: false
#else
		:: r != me -> cancel(me, NIL)
#endif
		:: else
		fi;
#endif
	:: else
	fi;
#ifndef BREAK_LOOK
	if
	:: over -> cancel(r, NIL)
	:: else
	fi
#endif
}

/* Group.ctxErr, by maker me: it sets err. */
inline ctxErr(me) {
	r = real;
	if
	:: r == 0 ->
#if defined(BREAK_OVER)
		err = parentErr;
#elif defined(BREAK_STALE)
		err = over;
		if
		:: !err && real == 0 -> err = parentErr
		:: else	/* if one was made meanwhile, it takes that for alive */
		fi;
#else
		err = over;
		if
		:: !err -> err = parentErr
		:: else
		fi;
#endif
		if
#if defined(BREAK_PARENT)
		:: err	/* answers from the parent alone */
#elif defined(BREAK_BACK)
		:: err && !over ->	/* likewise, unless one was made meanwhile */
			r = real;
			err = (r == 0 || cause[r] != NONE)
		:: err && over
#else
		:: err -> makeRealContext(me, r); err = (cause[r] != NONE)
#endif
		:: else
		fi
	:: else -> err = (cause[r] != NONE)
	fi;
	r = 0
}

/* A body */
proctype asker() {
	byte r, d;
	bool err, before, dead, told;
	if
	:: true -> goto left	/* asks for nothing */
	:: true
	fi;
	ctxErr(1);
	atomic { before = err; dead = canceled };
	makeRealContext(1, d);	/* Done */
	atomic {
		assert(asked == 0 || asked == d);
		assert((!dead && !before) || cause[d] != NONE);	/* Err is not ahead of Done */
		asked = d;
		dead = false;
		told = arrived
	};
	ctxErr(1);
	atomic {
		assert(err || !before);
		assert(err || !told);
		assert(!err || cause[d] != NONE);
		d = 0; err = false; before = false; told = false; dead = false
	};
left:
	bodies--
}

/* A goroutine that a body has left behind */
proctype behind() {
	byte r, d;
	bool err, before, told;
	told = (idle || arrived);
	ctxErr(2);
	atomic { assert(err || !told); before = err };
	makeRealContext(2, d);
	atomic {
		assert(asked == 0 || asked == d);
		assert(!before || cause[d] != NONE);
		asked = d;
		told = (idle || arrived)
	};
	ctxErr(2);
	atomic {
		assert(err || !before);
		assert(err || !told);
		assert(!err || cause[d] != NONE);
		d = 0; err = false; before = false; told = false
	}
}

/* A body that may fail: Group.PrepareEnd, Record and cancel */
proctype failing() {
	byte r;
	if
	:: true
	:: true ->
#ifndef BREAK_MADE
		makeRealContext(3, r);
#endif
		ending = true;
#ifdef BREAK_MADE
		r = real;	/* the one that somebody has made, if any */
#else
		makeRealContext(3, r);
#endif
		if
		:: r != 0 -> cancel(r, FAILED); assert(cause[r] == FAILED || parent != NONE)
		:: else
		fi;
		atomic { r = 0; canceled = true }
	fi;
	bodies--
}

/* Group.finish, when every body has ended */
proctype finish() {
	byte r;
	bodies == 0;
#ifdef BREAK_ORDER
	r = real;
	if
	:: r != 0 -> cancel(r, NIL)
	:: else
	fi;
	over = true;
#else
	over = true;
	r = real;
	if
	:: r != 0 -> cancel(r, NIL)
	:: else
	fi;
#endif
	atomic { r = 0; idle = true }
}

/* The parent: first its Err, then its Done, then its children, one by one */
proctype ends() {
	byte c;
	parentErr = true;
	parent = PARENT;
	c = 1;
	do
	:: c <= MAKERS ->
		atomic {
			if
			:: made[c] && cause[c] == NONE -> cause[c] = PARENT
			:: else
			fi;
			c++
		}
	:: else -> break
	od;
	arrived = true
}

init {
	atomic {
		run asker();
		run behind();
		run failing();
		run finish();
		if
		:: true
		:: run ends()
		fi
	};
	atomic {
		_nr_pr == 1;
		/* Every Done is closed, and nothing is registered with the parent. */
		assert(!made[1] || cause[1] != NONE);
		assert(!made[2] || cause[2] != NONE);
		assert(!made[3] || cause[3] != NONE);
		assert(!ending || parent != NONE || cause[real] == FAILED)
	}
}
