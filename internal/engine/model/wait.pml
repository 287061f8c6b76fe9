/*
 * park.pml: bodies that fall asleep while what they wait for completes and
 * while their group is canceled (wait.go, hub.go, Group.record and cancel).
 *
 * Body 1 waits for task 1 and then for task 2, which are hard waits with the
 * same edge and WaitGroup. Body 2 waits hard for task 1 as well or, with SOFT,
 * body 3 waits for it softly, through a hub, and may give up at any time. A
 * canceller may come at any time, or never. When it comes the tasks may take
 * longer than the bodies that wait for them.
 *
 * Checked: each sleeper is woken, once; no WaitGroup goes below zero; a bed's
 * edge is never linked while it is still in a list; a wait ends only when its
 * task is done or the group is canceled; nobody is left in the group's list.
 *
 * check:
 * check: -DSOFT
 * break: BREAK_ASLEEP
 * break: BREAK_CANCEL
 * break: BREAK_CHECK
 * break: BREAK_CLEAR
 * break: BREAK_DEAD
 * break: BREAK_LATE
 * break: BREAK_LEAVE -DSOFT
 */
#define BODIES 3
#define bit(x)	(1 << (x))

/* Of tasks 1 and 2 */
byte list[3];		/* node.list: edges, by body */
bool closed[3];

/* Of bodies 1 and 2: the bed */
bool asleep[BODIES + 1];
byte wg[BODIES + 1];	/* its WaitGroup, and that of body 3's softWait */
byte parked;		/* Group.parked, a set */
bool mu;		/* Group.mu */
bool end;		/* Group.end */

/* The hub of task 1 */
bool fired;		/* its channel is closed */
bool hub;		/* it is in the group's map, which hub.fire takes it out of */
byte seated;		/* hub.seated */

/* What only the model knows. */
byte edges[BODIES + 1];	/* in how many lists each bed's edge is */
bool comes;		/* the canceller */
byte waiting;		/* bodies in hard waits */

#define HUB	3	/* the hub's edge */

inline lock()	{ atomic { !mu -> mu = true } }

/* node.wake: whoever makes asleep false wakes the body. */
inline wake(b) {
#ifdef BREAK_ASLEEP
	ok = asleep[b];		/* a load and a store */
	atomic { if :: ok -> asleep[b] = false :: else fi };
#else
	atomic { ok = asleep[b]; asleep[b] = false };
#endif
	atomic {
		if
		:: ok -> assert(wg[b] > 0); wg[b]--; ok = false
		:: else
		fi
	}
}

/* node.link */
inline link(n, b, res) {
	atomic {
		assert(edges[b] == 0);
		res = !closed[n];
		if
		:: res -> list[n] = list[n] | bit(b); edges[b]++
		:: else
		fi
	}
}

/* node.await and awaitHard: it sets cut when the wait was cut short. */
inline awaitHard(n, b) {
#ifdef BREAK_DEAD
	if
	:: true ->	/* waits with a dead context */
#else
	if
	:: end -> cut = true
	:: else ->
#endif
		wg[b]++;
#ifndef BREAK_LATE
		asleep[b] = true;
#endif
#ifdef BREAK_CHECK
		cut = end;	/* looks before it is in the list */
#endif
		link(n, b, ok);
		if
		:: ok ->
			/* Group.park */
			lock();
			atomic {
#ifdef BREAK_CHECK
				ok = !cut;
				cut = false;
#else
				ok = !end;
#endif
				if
				:: ok -> parked = parked | bit(b)
				:: else
				fi;
				mu = false
			}
		:: else
		fi;
#ifdef BREAK_LATE
		asleep[b] = true;	/* when it is in the lists already */
#endif
		if
		:: ok -> ok = false
		:: else -> wake(b)
		fi;
		wg[b] == 0;
		/* Group.unpark */
		lock();
		atomic { parked = parked & ~bit(b); mu = false };
		assert(closed[n] || end);
		cut = !closed[n]
	fi
}

/* When everything else has ended */
active proctype ending() {
	atomic {
		_nr_pr == 1;
		assert(parked == 0 && seated == 0);
		assert(!asleep[1] && !asleep[2] && wg[1] == 0 && wg[2] == 0 && wg[3] == 0)
	}
}

active proctype body1() {
	bool ok, cut;
	waiting++;
	awaitHard(1, 1);
	if
#ifdef BREAK_DEAD
	:: true -> cut = false; awaitHard(2, 1)
#else
	:: !cut -> awaitHard(2, 1)
	:: cut
#endif
	fi;
	waiting--
}

#ifndef SOFT
active proctype body2() {
	bool ok, cut;
	waiting++;
	awaitHard(1, 2);
	waiting--
}
#else

/* node.awaitHub of a body with a limit; sit is in limit.pml. */
active proctype body3() {
	bool ok, joined;
	/* Group.hubOf */
	lock();
	atomic {
		ok = !closed[1];
		if
		:: ok -> list[1] = list[1] | bit(HUB); hub = true
		:: else
		fi;
		mu = false
	};
	if
	:: ok ->
		wg[3] = 1;
		/* hub.join */
		lock();
		atomic {
			joined = hub;
			if
			:: joined -> seated = 1
			:: else
			fi;
			mu = false
		};
		/* select: fired, or the context has ended; which one does not matter */
		if
		:: fired
		:: true
		fi;
		/* hub.leave */
		lock();
		atomic {
#ifdef BREAK_LEAVE
			ok = (!joined || !fired);
#else
			ok = (!joined || seated == 1);
#endif
			seated = 0;
			mu = false
		};
		if
		:: ok -> atomic { assert(wg[3] > 0); wg[3]-- }
		:: else
		fi;
		wg[3] == 0
	:: else
	fi
}
#endif

/* settling.publish of tasks 1 and 2, which are processes 3 and 4 */
active [2] proctype publish() {
	byte n, todo, b;
	bool ok;
	/* The task's body */
	if
	:: true
	:: comes -> waiting == 0
	fi;
	/* Swap(&closed) */
	atomic { n = _pid - 2; todo = list[n]; list[n] = 0; closed[n] = true; b = 1 };
	do
	:: b <= BODIES && (todo & bit(b)) != 0 ->
		if
		:: b == HUB ->
			/* hub.fire */
			lock();
			atomic { hub = false; ok = (seated == 1); seated = 0; mu = false };
			if
			:: ok -> atomic { assert(wg[3] > 0); wg[3]--; ok = false }
			:: else
			fi;
			fired = true
		:: else ->
#ifdef BREAK_CLEAR
			wake(b);
			edges[b]--	/* clears the edge when its owner may use it again */
#else
			edges[b]--;	/* e.to, e.next = nil, nil */
			wake(b)
#endif
		fi;
		b++
	:: b <= BODIES && (todo & bit(b)) == 0 -> b++
	:: b > BODIES -> break
	od
}

active proctype canceller() {
	byte todo, b;
	bool ok;
	if
	:: true -> goto none
	:: comes = true
	fi;
#ifdef BREAK_CANCEL
	lock();
	atomic { todo = parked; mu = false };	/* takes the list first */
	end = true;
#else
	/* Group.record */
	lock();
	atomic { end = true; mu = false };
	/* Group.wakeParked */
	lock();
	atomic { todo = parked; mu = false };
#endif
	b = 1;
	do
	:: b < BODIES && (todo & bit(b)) != 0 -> wake(b); b++
	:: b < BODIES && (todo & bit(b)) == 0 -> b++
	:: b >= BODIES -> break
	od;
none:
	skip
}
