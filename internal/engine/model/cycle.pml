/*
 * cycle.pml: bodies that wait for each other, so that cycles close, two or more
 * at a time (cycle.go, stuck.go, race.go; a nested group's Wait in join.go).
 *
 * Bodies 1, 2 and 3, in order of declaration, each wait for another one, and 3 then
 * perhaps for another one. With PENDING body 3 has not started: it is a task that
 * depends on 1. With HINTS walks leave hints. With SEVERAL body 2 has another
 * goroutine, which waits for 1 at the same time. With CUT the wait of body 2 has a
 * context of its own, which may end at any time, before its goroutine notices.
 * With NESTED body 1 is a task of a group nested in 3, which waits for that group
 * in the end; with LATE besides, body 2 is declared after them. With RACE bodies 2
 * and 3 are the functions of a Race 4, and either may fail; with LATE besides, 1 is
 * declared after it.
 *
 * A body for which nobody waits, nor for what is around it, does not search.
 *
 * Checked: nobody sleeps in a cycle; a wait is refused or cut only when it is part
 * of one that is there at that moment, so of those who close one together just one
 * fails, and of a cycle whose context had ended before nobody; walks end. A walk
 * may go round a cycle of others until one of them is refused: that all runs end
 * takes a scheduler that lets each of them go on.
 *
 * fair:
 * check: -DHINTS
 * check: -DPENDING
 * check: -DNESTED
 * check: -DRACE
 * safe:
 * safe: -DSEVERAL -DHINTS
 * safe: -DCUT -DHINTS
 * safe: -DNESTED -DLATE
 * safe: -DRACE -DLATE
 * break: BREAK_PUBLISH
 * break: BREAK_COUNT
 * break: BREAK_LOCK
 * break: BREAK_REFUSE
 * break: BREAK_FIRM -DCUT -DHINTS
 * break: BREAK_ALSO -DSEVERAL
 * break: BREAK_SEVERAL -DSEVERAL -DHINTS
 * break: BREAK_LINK
 * break: BREAK_OVER -DCUT
 * break: BREAK_MEANWHILE -DCUT
 * break: BREAK_ASKED -DCUT -DHINTS
 * break: BREAK_AROUND -DNESTED
 * break: BREAK_WHOLE -DRACE
 * break: BREAK_PARK -DNESTED
 * break: BREAK_JOIN -DNESTED
 * break: BREAK_RACE -DRACE
 * break: BREAK_ONEOF -DRACE
 */
#ifdef RACE
#define N	4
#else
#define N	3
#endif
#define bit(x)	(1 << (x))

/* Two waits of a body x: x, in its first record, and x + N. */
byte on[2 * N + 1];	/* wait.on: what is waited for, while the wait is in waiter.waits */
bool over[2 * N + 1];	/* wait.ended */
bool failed[2 * N + 1];	/* wait.how is a cycleCut */
byte uphill;		/* of the root */
byte hintOn[N + 1], hintTo[N + 1];	/* waiter.hint, one pointer */
byte firm[N + 1];	/* wait.firm of the first wait */
byte several;		/* ledger.several of the root */
bool counted[2 * N + 1];	/* wait.several */
bool awaited[N + 1];	/* Node.list is not empty, or it is closed */
bool done[N + 1];
bool pending[N + 1];	/* waits for its declared dependency, which is 1 */
bool cycles;		/* ledger.cycles */
bool parked;		/* the wait of 1 is in the list of its group, with NESTED */
bool joined;		/* the wait of 3 for that group is open, likewise */
#ifdef SEVERAL
bool slept;		/* body 2 has had its wait */
#endif
byte dead;		/* bodies whose own context has ended, a set */

/* The order: what x comes after it may wait for downhill. */
#if defined(NESTED) && defined(LATE)
#define place(x)	(x == 1 -> 1 : (x == 3 -> 2 : 3))	/* in 3: right before 3 */
#elif defined(NESTED)
#define place(x)	(x == 2 -> 1 : (x == 1 -> 2 : 3))
#elif defined(RACE) && defined(LATE)
#define place(x)	(x == 1 -> 9 : x)
#else
#define place(x)	(x)
#endif

/* The wait r of a body x counts; exactly: also when nobody has noticed its context. */
#ifdef BREAK_OVER
#define open(r, x)	(on[r] != 0)
#else
#define open(r, x)	(on[r] != 0 && !over[r] && !(exact && (dead & bit(x)) != 0))
#endif

#define target(r)	(done[on[r]] -> 0 : bit(on[r]))

/* stuck.waitsFor, for a waiter w: it sets ds and goes. */
inline waitsFor(node, wtr) {
	ds = 0; goes = false;
	if
	:: node == wtr
	:: node != wtr && done[node] -> goes = true
#ifdef RACE
	:: node != wtr && !done[node] && node == 4 ->
		ds = (done[2] -> 0 : bit(2)) | (done[3] -> 0 : bit(3));
		goes = (ds == 0)
#endif
	:: else ->
		if
		:: on[node] != 0 || on[node + N] != 0 || joined && node == 3 ->	/* stuck.bodyWaitsFor */
			if
			:: open(node, node) -> ds = ds | target(node)
			:: else
			fi;
			if
			:: open(node + N, node) -> ds = ds | target(node + N)
			:: else
			fi;
#ifdef NESTED
			if
			:: joined && node == 3 ->
				if	/* Group.crossers */
				:: parked && open(1, 1) -> ds = ds | bit(1)
				:: wtr == 1 -> ds = ds | bit(1)	/* Group.awaits */
				:: else
				fi
			:: else
			fi;
#endif
			goes = (ds == 0)
		:: else ->
			if
			:: pending[node] -> ds = (done[1] -> 0 : bit(1)); goes = (ds == 0)
			:: else -> goes = true
			fi
		fi
	fi
}

/* newStuck: it takes in what first waits for, a node a step, and sets rs and fs. */
inline newStuck(first, waiter) {
#if defined(HINTS) || defined(SEVERAL)
	atomic { takeIn(first, waiter) }	/* the steps of it are in the other runs */
#else
	takeIn(first, waiter)
#endif
}

inline takeIn(first, waiter) {
	atomic { rs = bit(first); vs = 0; fs = 0; s = 1 };
	do
	:: atomic {
		(rs & ~vs) != 0 ->
		s = 1;
		do
		:: (rs & ~vs & bit(s)) != 0 -> break
		:: else -> s++
		od;
		waitsFor(s, waiter);
		vs = vs | bit(s);
		rs = rs | ds;
		ad[s] = ds;
		fs = fs | (goes -> bit(s) : 0)
	   }
	:: (rs & ~vs) == 0 -> break
	od;
	s = 0
}

#ifdef BREAK_ONEOF
#define oneOf(x)	(exact && (x) == 4)
#else
#define oneOf(x)	((x) == 4)
#endif

/* stuck.letGo and way: it sets may if w can never end. */
inline way(start, end) {
	atomic {
		vs = 0;
		do
		:: vs < N ->
			s = 1;
			do
			:: s <= N ->
				if
				:: s != end && (rs & bit(s)) != 0 && (fs & bit(s)) == 0 &&
				   (oneOf(s) && (ad[s] & fs) != 0 || (ad[s] & ~fs) == 0) -> fs = fs | bit(s)
				:: else
				fi;
				s++
			:: else -> break
			od;
			vs++
		:: else -> break
		od;
		may = ((rs & bit(end)) != 0 && (fs & bit(start)) == 0);
		fs = rs & ~fs;	/* what is stuck */
		forget()
	}
}

inline forget() {
	s = 1;
	do
	:: s <= N -> ad[s] = 0; s++
	:: else -> break
	od;
	s = 0; vs = 0; rs = 0; ds = 0; goes = false
}

/* reaches */
inline reaches(from_, to_) {
	newStuck(from_, to_);
	atomic { may = ((rs & bit(to_)) != 0); fs = 0; forget() }
}

#define several(x)	(on[x] != 0 && on[x + N] != 0 || joined && x == 3)
#define only(x)		(on[x] != 0 -> on[x] : on[x + N])

/* mayLeadTo(from, w): it sets may. What is read of a node is a step each. */
inline mayLeadTo(source, self) {
	atomic { x = source; may = false };
	do
	:: x == self -> may = true; break
	:: x != self ->
		if
		:: done[x] -> break
		:: else
		fi;
		atomic {
			y = only(x);
			if
#ifndef BREAK_ALSO
			:: several(x) -> y = 255
#endif
			:: else
			fi
		};
		if
		:: y == 255 -> reaches(x, self); break
		:: y == 0 && (pending[x] || x == 4) -> reaches(x, self); break
		:: y == 0 && !(pending[x] || x == 4) -> break	/* it runs */
		:: else
		fi;
		z = y;
#ifdef HINTS
		if
		:: hintOn[x] == y && !done[hintTo[x]] ->
#ifdef BREAK_SEVERAL
			z = hintTo[x]
#else
			if	/* Group.hasSeveral */
			:: several == 0 -> z = hintTo[x]
			:: else
			fi
#endif
		:: else
		fi;
		/* In Go after 8 steps */
		if
		:: z != 4 ->
			/* Node.firmly */
			atomic {
#ifdef BREAK_FIRM
				far = (on[z + N] == 0 && !over[z] -> on[z] : 0);	/* also when it may be refused */
#else
				far = (on[z + N] == 0 && !over[z] && firm[z] == on[z] -> on[z] : 0);
#endif
				far = (far != 0 && !done[far] -> far : 0)
			};
			if
			:: far != 0 -> atomic { hintOn[x] = y; hintTo[x] = far; far = 0 }
			:: else
			fi
		:: else
		fi;
#endif
		atomic { x = z; y = 0; z = 0; far = 0 }
	od;
	atomic { x = 0; y = 0; z = 0; far = 0 }
}

/* cutDead, of all that is stuck: it sets goes if there was any. */
inline cutDead() {
	atomic {
		goes = false;
#ifndef BREAK_MEANWHILE
		s = 1;
		do
		:: s <= N ->
			if
			:: (fs & dead & bit(s)) != 0 && on[s] != 0 && !over[s] -> over[s] = true; goes = true
			:: else
			fi;
			s++
		:: else -> break
		od;
#endif
		s = 0
	}
}

/*
 * wait.ifStuck of the wait rec of by for what, with what it does: it sets may. Of
 * who is stuck under the lock it has asked all contexts before.
 */
inline ifStuck(rec, by, what) {
	was = dead;
	do
	:: true ->
	   newStuck(what, by);
	   way(what, by);
	   if
	   :: may -> cutDead()
	   :: else
	   fi;
	   asked = fs;
	   fs = 0;
	   if
	   :: may && !goes ->
#ifndef BREAK_LOCK
		atomic { !cycles -> cycles = true };
#endif
		newStuck(what, by);
		way(what, by);
		atomic {
#ifndef BREAK_ASKED
			goes = (may && (fs & ~asked) != 0);	/* another cycle */
#endif
			if
			:: may && !goes && !over[rec] ->
				/* It is a cycle, also at this moment, unless a context has just ended. */
				exact = true;
				newStuck(what, by);
				way(what, by);
				exact = false;
				assert(may || (dead & ~was) != 0);
				may = true;
				failed[rec] = true;
#ifndef BREAK_REFUSE
				over[rec] = true
#endif
			:: else -> may = false
			fi;
			fs = 0;
#ifndef BREAK_LOCK
			cycles = false
#endif
		}
	   :: else
	   fi;
	   atomic {
		asked = 0;
		if
		:: goes -> goes = false	/* looks again */
		:: else -> break
		fi
	   }
	od;
	was = 0
}

/* Group.park of a task in the nested group */
inline park(x_) {
#ifdef NESTED
	atomic { if :: x_ == 1 -> parked = true :: else fi }
#else
	skip
#endif
}

#define other(r)	((r) > N -> (r) - N : (r) + N)

/*
 * Node.isAwaited: also through the owner of the group, or the Race. The edge by
 * which a Map waits for its element, which is always there, is not counted in Go.
 */
#if defined(NESTED) && !defined(BREAK_AROUND)
#define isAwaited(x)	(awaited[x] || (x) == 1 && awaited[3])
#elif defined(RACE) && !defined(BREAK_WHOLE)
#define isAwaited(x)	(awaited[x] || (x) != 1 && awaited[4])
#else
#define isAwaited(x)	awaited[x]
#endif

/* Its wait is its first: in its own group, without a context of its own. */
#if defined(CUT)
#define direct(x)	(x != 2)
#elif defined(RACE)
#define direct(x)	(x == 1)
#else
#define direct(x)	true
#endif

/* wait.announce, refused and withdraw, and the sleep, of the wait rec of by for what */
inline await(rec, by, what) {
	if
	:: done[what] || (dead & bit(by)) != 0
	:: else ->
#ifdef BREAK_PUBLISH
		may = true;
		if	/* looks first, then says what it waits for */
		:: place(what) < place(by) && uphill == 0 || !isAwaited(by) -> may = false
		:: else -> mayLeadTo(what, by)
		fi;
#endif
		/* wait.announce */
		if
		:: place(what) >= place(by) ->
#ifndef BREAK_COUNT
			uphill++;
#endif
			on[rec] = what
		:: else -> on[rec] = what	/* waiter.open */
		fi;
#ifndef BREAK_PARK
		park(by);
#endif
		if
		:: on[other(rec)] != 0 -> counted[rec] = true; several++
		:: else
		fi;
#ifndef BREAK_LINK
		awaited[what] = true;	/* Node.link or Group.addToHub */
#endif
		/* wait.refused */
#ifndef BREAK_PUBLISH
		if
		:: place(what) < place(by) && uphill == 0 -> may = false
		:: else ->
			if
			:: !isAwaited(by) -> may = false
			:: else -> mayLeadTo(what, by)
			fi
		fi;
#endif
#ifdef BREAK_LINK
		awaited[what] = true;	/* when it has looked */
#endif
		if
		:: may -> ifStuck(rec, by, what)
		:: else
		fi;
#ifdef BREAK_PARK
		park(by);	/* when it has looked */
#endif
#ifdef BREAK_COUNT
		uphill = uphill + (place(what) >= place(by));	/* likewise */
#endif
		if
		:: may -> may = false
		:: else ->
#ifdef HINTS
			firm[by] = (rec == by && direct(by) -> what : firm[by]);
#endif
			done[what] || over[rec] || (dead & bit(by)) != 0
		fi;
		over[rec] = true;
		/* wait.withdraw */
		atomic { parked = (parked && by != 1) };
		on[rec] = 0;
		if
		:: counted[rec] -> counted[rec] = false; several--
		:: else
		fi;
		if
		:: place(what) >= place(by) -> uphill--
		:: else
		fi;
#if !defined(NESTED) && !defined(RACE)
		atomic {	/* the record is used again, or another one is */
			over[rec] = false; failed[rec] = false;
			firm[by] = (rec == by -> 0 : firm[by])
		}
#endif
		skip
	fi
}

#define locals	byte x, y, z, far, s, t, rs, vs, fs, ds, was, asked; byte ad[N + 1]; bool may, goes, exact

proctype body(byte b) {
	locals;
	if
	:: pending[b] -> atomic { done[1]; pending[b] = false }
	:: else
	fi;
#if defined(NESTED)
	if
	:: b == 1 -> t = 2
	:: b == 1 -> t = 3
	:: b == 2 -> t = 1
	:: b == 2 -> t = 3
	:: b == 3 -> t = 2
	:: b == 3 -> goto end
	fi;
	await(b, b, t);
end:
	if
	:: b == 3 ->
		/* Group.beginJoin */
		joined = true;	/* several waits are none here: 3 has no other */
#ifndef BREAK_JOIN
		if	/* Group.cutCycles */
		:: uphill != 0 && parked && on[1] != 0 && !over[1] ->
			t = on[1];
			if
			:: t != 0 -> ifStuck(1, 1, t); may = false
			:: else
			fi
		:: else
		fi;
#endif
		done[1];
		joined = false
	:: else
	fi;
	atomic { done[b] = true; t = 0 }
#elif defined(RACE)
	if
	:: b == 1 -> t = 4
	:: b != 1 -> t = 1
	:: b != 1 -> goto fails
	fi;
	await(b, b, t);
	if
	:: b == 1 -> done[1] = true; goto ended
	:: b != 1 -> skip	/* fails as well, as all do whose wait was cut */
	:: b != 1 && done[1] -> done[b] = true; done[4] = true; dead = dead | bit(5 - b); goto ended
	fi;
fails:
	done[b] = true;
	if
	:: done[2] && done[3] -> done[4] = true
	:: else ->
#ifndef BREAK_RACE
		/* settling.cutRaces, Node.cutIfStuck */
		if
		:: uphill != 0 && !done[5 - b] && on[5 - b] != 0 && !over[5 - b] -> t = 1; ifStuck(5 - b, 5 - b, t); may = false
		:: else
		fi
#endif
	fi;
ended:
	t = 0
#else
#ifdef SEVERAL
	t = b % N + 1;
#else
	if
	:: t = b % N + 1		/* the next */
#ifdef CUT
	:: b != 3 -> t = (b + 1) % N + 1
#else
	:: t = (b + 1) % N + 1		/* the one before */
#endif
	fi;
#endif
	await(b, b, t);
#if defined(CUT)
	if
	:: b == 1 -> t = b % N + 1; await(b, b, t)
	:: b == 1 -> t = (b + 1) % N + 1; await(b, b, t)
	:: else
	fi;
#elif defined(SEVERAL)
	if
	:: b == 2 -> slept = true; done[0]	/* it joins the other goroutine */
	:: else
	fi;
#else
	if
	:: b == 3 -> t = b % N + 1; await(b, b, t)
	:: b == 3 -> t = (b + 1) % N + 1; await(b, b, t)
	:: true
	fi;
#endif
	atomic { done[b] = true; t = 0 }
#endif
}

#ifdef SEVERAL
/* The other goroutine of body 2 */
proctype second() {
	locals;
#ifdef HINTS
	firm[2] != 0 || slept;	/* the other one sleeps */
	t = 1;
#else
	if
	:: t = 1
	:: t = 3
	:: goto none
	fi;
#endif
	await(2 + N, 2, t);
none:
	atomic { t = 0; done[0] = true }
}
#endif

#ifdef CUT
/* The end of the context of body 2's wait */
proctype canceller() {
endless:
	atomic { on[2] != 0; dead = bit(2) }
}
#endif

init {
	atomic {
#ifdef PENDING
		pending[3] = true; awaited[1] = true;
#endif
		run body(1);
		run body(2);
		run body(3);
#ifdef SEVERAL
		run second();
#endif
#ifdef CUT
		run canceller();
#endif
	};
	done[1] && done[2] && done[3]
}
