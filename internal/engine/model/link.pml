/*
 * link.pml: a dependent that links itself into its dependencies while they
 * complete, and searchers who pin it meanwhile (node.go, settle.go, succeed.go,
 * declare.go; waitsFor in stuck.go and raiseNode in rank.go are searchers).
 *
 * A and B run and may fail. A declarer makes D, which depends on both, and E,
 * which depends on D. Two searchers, of a cycle or of what a wait needs, pin D and
 * read what it depends on. The body of A may also be awaited by a waiter W, which
 * has no dependencies left: its edge is told from the others by pending == 0.
 *
 * Checked: each of D and E is started or skipped, once; D starts only when both
 * have succeeded and is skipped only when one has failed; nothing forgets its
 * dependencies while somebody reads them; W is woken once; all tasks settle.
 *
 * check:
 * break: BREAK_LINK
 * break: BREAK_SWAP
 * break: BREAK_HOLD
 * break: BREAK_KILL
 * break: BREAK_PIN
 * break: BREAK_UNPIN
 */
#define A 0
#define B 1
#define D 2
#define E 3
#define W 4
#define NODES 5
#ifndef SEARCHERS
#define SEARCHERS 2
#endif
#define bit(n)	(1 << (n))

/* Node.pending: one word in Go, so it is read and changed in one step here. */
byte cnt[NODES], holds[NODES];
bool dead[NODES];

/* Node.list: the edges in it, a bit for each dependent. */
byte list[NODES];
bool closed[NODES];
bool fail[NODES];	/* Node.failure is not nil */
bool dropped[NODES];	/* Body.Drop was called */

/* What only the model knows. */
bool begun[NODES], settled[NODES];
byte wakes;
byte pinned;		/* searchers who read the dependencies of D */

/* Node.link; a compare-and-swap that fails changes nothing. */
inline link(n, to, ok) {
#ifdef BREAK_LINK
	ok = !closed[n];	/* looks first, then stores */
	atomic { if :: ok -> list[n] = list[n] | bit(to) :: else fi }
#else
	atomic {
		ok = !closed[n];
		if
		:: ok -> list[n] = list[n] | bit(to)
		:: else
		fi
	}
#endif
}

/* Node.arrived */
inline arrived(n, last) {
	atomic {
		assert(cnt[n] > 0);
		cnt[n]--;
		last = (cnt[n] == 0 && holds[n] == 0 && !dead[n])
	}
}

/* Node.kill */
inline kill(n, mine) {
	atomic {
#ifdef BREAK_KILL
		mine = !dead[n];	/* whoever holds it */
#else
		mine = (!dead[n] && holds[n] == 0);
#endif
		dead[n] = true
	}
}

/* Node.pin */
inline pin(n, ok) {
	atomic {
#ifdef BREAK_PIN
		ok = !dead[n];	/* also when it waits for nothing more */
#else
		ok = (cnt[n] > 0 && !dead[n]);
#endif
		holds[n] = holds[n] + ok
	}
}

/* Node.unpin */
inline unpin(n, start, skipped) {
	atomic {
		holds[n]--;
		start = (cnt[n] == 0 && holds[n] == 0 && !dead[n]);
#ifdef BREAK_UNPIN
		skipped = false
#else
		skipped = (dead[n] && holds[n] == 0)
#endif
	}
}

/* settling.addReady: n's body may run */
inline addReady(n) {
	atomic {
		assert(!begun[n] && !settled[n]);
		begun[n] = true;
		if
		:: n == D -> assert(closed[A] && closed[B] && !fail[A] && !fail[B])
		:: n == E -> assert(closed[D] && !fail[D])
		fi;
		run body(n, false)
	}
}

/* settling.addSkipped: n is settled by whoever has killed it */
inline addSkipped(n) {
	atomic {
		assert(!begun[n] && !settled[n]);
		fail[n] = true;
		if
		:: n == D -> assert((closed[A] && fail[A]) || (closed[B] && fail[B]))
		:: n == E -> assert(closed[D] && fail[D])
		fi;
		run body(n, true)
	}
}

/* Node.tell of a body that waits: what ends the wait is in wait.pml */
inline tell(n) {
	wakes++
}

/*
 * A body and its settling; with skip only the settling. What Go does with one
 * worker's list of work is a process each here: their order is of no account.
 */
proctype body(byte n; bool skip_) {
	byte todo, to;
	bool ok;
	atomic {
		if
		:: !skip_ && n != D && n != E -> fail[n] = true
		:: true
		fi
	};
	/* settling.publish */
	atomic {
		assert(!settled[n]);
		settled[n] = true;
		assert(!(n == D && pinned > 0));	/* Body.Drop */
		dropped[n] = true
	};
#ifdef BREAK_SWAP
	todo = list[n];			/* takes the list, then closes it */
	atomic { list[n] = 0; closed[n] = true };
#else
	atomic { todo = list[n]; list[n] = 0; closed[n] = true };
#endif
	to = 0;
	do
	:: atomic { to < NODES && (todo & bit(to)) == 0 -> to++ }
	:: atomic { to == NODES -> break }
	:: to < NODES && (todo & bit(to)) != 0 ->
		if
		:: cnt[to] == 0 && holds[to] == 0 && !dead[to] -> tell(to)	/* Node.isTold */
		:: else ->
			if
			:: fail[n] ->
				kill(to, ok);
				if
				:: ok -> addSkipped(to)
				:: else
				fi
			:: else ->
				arrived(to, ok);
				if
				:: ok -> addReady(to)
				:: else
				fi
			fi
		fi;
		atomic { to++; ok = false }
	od
}

/* Node.release: unpin, and Group.readyOrSkip */
inline release(n) {
	unpin(n, ok, no);
	if
	:: ok -> addReady(n)
	:: !ok && no -> addSkipped(n)
	:: else
	fi
}

active proctype declarer() {
	bool ok, no;
	byte dep;
	atomic { run body(A, false); run body(B, false) };
	/* Group.StartAfterAll */
	atomic {
		cnt[D] = 2;
#ifndef BREAK_HOLD
		holds[D] = 1;
#endif
		dep = A
	};
	do
	:: dep <= B ->
		link(dep, D, ok);
		if
		:: ok
		:: !ok && fail[dep] -> kill(D, no); break
		:: else -> arrived(D, no)
		fi;
		dep++
	:: else -> break
	od;
#ifdef BREAK_HOLD
	/* Starts it if no dependency was left, without a hold meanwhile. */
	if
	:: cnt[D] == 0 && !dead[D] -> addReady(D)
	:: dead[D] -> addSkipped(D)
	:: else
	fi;
#else
	release(D);
#endif
	/* Group.StartAfter: nobody else knows E unless it is linked */
	cnt[E] = 1;
	link(D, E, ok);
	if
	:: ok
	:: else ->
		if
		:: fail[D] -> atomic { dead[E] = true; addSkipped(E) }
		:: else -> atomic { cnt[E] = 0; addReady(E) }
		fi
	fi;
	/* Group.Wait */
	settled[A] && settled[B] && settled[D] && settled[E] &&
		closed[A] && closed[B] && closed[D] && closed[E];
	assert(begun[D] == (!fail[A] && !fail[B]));
	assert(begun[E] == !fail[D])
}

/* A search that takes D in, and may read no body that has dropped its dependencies */
active [SEARCHERS] proctype searcher() {
	bool ok, no;
	pin(D, ok);
	if
	:: ok ->
		pinned++;
		assert(!dropped[D]);
		pinned--;
		release(D)
	:: else
	fi
}

/* A body in a direct wait for A */
active proctype waiter() {
	bool ok;
	link(A, W, ok);
	if
	:: ok -> wakes == 1
	:: else -> assert(closed[A])
	fi
}
