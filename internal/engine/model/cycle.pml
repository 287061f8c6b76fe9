/*
 * cycle.pml: bodies that wait for each other, so that cycles close, two or more
 * at a time (cycle.go; the search of stuck.go under the lock).
 *
 * Bodies 1, 2 and 3 each wait for one of the others, and then perhaps for
 * another one. With PENDING body 3 has not started: it is a declared task that
 * depends on 1. With CUT only body 1 waits twice, and the wait of body 2 may be
 * cut short by the end of its nested group; it goes on, and waits hard no more,
 * until all the others sleep or have ended.
 *
 * Checked: nobody sleeps in a cycle; a wait is refused only when it closes a
 * cycle that is there at that moment, so of those who close one together just
 * one is refused; walks end. A walk may go round a cycle of others until one of
 * them is refused: that all runs end takes a scheduler that lets each of them go on.
 *
 * fair:
 * check:
 * check: -DPENDING
 * check: -DCUT
 * break: BREAK_PUBLISH
 * break: BREAK_LOCK
 * break: BREAK_REFUSE
 * break: BREAK_FIRM -DCUT
 */
#define N	3
#define HINTS	0	/* steps after which a walk leaves hints; 8 in Go */

byte on[N + 1];		/* bed.on */
byte firm[N + 1];	/* bed.firm */
byte hintOn[N + 1], hintTo[N + 1];	/* bed.hint, one pointer */
bool done[N + 1];
bool pending[N + 1];	/* waits for its declared dependency, which is 1 */
bool cycles;		/* ledger.cycles */

bool dead[N + 1];	/* its context: the wait was cut short */
bool cut;		/* What only the model knows: somebody's was. */

#define dep(x)	(done[1] -> 0 : 1)

/* What x waits for, as the search under the lock sees it */
#define waitsFor(x)	(done[x] -> 0 : (on[x] != 0 -> (done[on[x]] -> 0 : on[x]) : (pending[x] -> dep(x) : 0)))

/* mayLeadTo(from, w): it sets may. A node's loads are a step each. */
inline mayLeadTo(from, w) {
	atomic { x = from; may = false; steps = 0 };
	do
	:: x == w -> may = true; break
	:: x != w ->
		if
		:: done[x] -> break
		:: else
		fi;
		y = on[x];
		if
		:: y == 0 && pending[x] -> search(x, w); break	/* reaches */
		:: y == 0 && !pending[x] -> break	/* it runs */
		:: else
		fi;
		atomic {
			z = y;
			if
			:: hintOn[x] == y && !done[hintTo[x]] -> z = hintTo[x]
			:: else
			fi
		};
		if
		:: steps >= HINTS ->
			atomic {
#ifdef BREAK_FIRM
				far = on[z];	/* also of a wait that may be taken back */
#else
				far = firm[z];
#endif
				far = (far != 0 && !done[far] -> far : 0)
			};
			if
			:: far != 0 -> atomic { hintOn[x] = y; hintTo[x] = far; far = 0 }
			:: else
			fi
		:: else
		fi;
		atomic { x = z; y = 0; z = 0; steps = (steps < HINTS -> steps + 1 : steps) }
	od;
	atomic { x = 0; y = 0; z = 0; steps = 0 }
}

/* newStuck and path: follow the waits from v, a step each, without hints. */
inline search(v, w) {
	atomic { s = v; n = 0 };
	do
	:: s == w -> may = true; break
	:: s == 0 || (s != w && n > N) -> may = false; break
	:: else -> atomic { s = waitsFor(s); n++ }
	od;
	atomic { s = 0; n = 0 }
}

/* The same at one moment */
#define leads1(x, w)	((x) == (w))
#define leads(x, w)	(leads1(x, w) || leads1(waitsFor(x), w) || leads1(waitsFor(waitsFor(x)), w))

/* x is asleep in a cycle */
#define loop(x)	(waitsFor(x) != 0 && leads(waitsFor(x), x))

/* bed.publish, then awaitHard, of body b for t */
inline await(b, t) {
	if
	:: done[t] || dead[b]
	:: else ->
#ifdef BREAK_PUBLISH
		mayLeadTo(t, b);	/* looks first, then says what it waits for */
		on[b] = t;
#else
		on[b] = t;
		mayLeadTo(t, b);
#endif
		if
		:: may ->
#ifndef BREAK_LOCK
			atomic { !cycles -> cycles = true };
#endif
			search(t, b);
			atomic {
				if
				:: may ->
					/* It is a cycle, unless a cut has just taken it apart. */
					assert(leads(t, b) || cut);
#ifndef BREAK_REFUSE
					on[b] = 0
#endif
				:: else
				fi;
#ifndef BREAK_LOCK
				cycles = false
#endif
			}
#ifdef BREAK_REFUSE
			;
			on[b] = 0	/* when it has let the others look */
#endif
		:: else
		fi;
		if
		:: may -> may = false	/* CycleError: the body goes on */
		:: else ->
			firm[b] = t;
			done[t] || dead[b];
			firm[b] = 0;
			on[b] = 0
		fi
	fi
}

proctype body(byte b) {
	byte x, y, z, far, s, n, t, steps;
	bool may;
	if
	:: pending[b] -> atomic { done[1]; pending[b] = false }
	:: else
	fi;
	if
	:: t = b % N + 1		/* the next */
	:: t = (b + 1) % N + 1		/* the one before */
	fi;
	await(b, t);
#ifdef CUT
	if
	:: b == 1 -> t = b % N + 1; await(b, t)
	:: b == 1 -> t = (b + 1) % N + 1; await(b, t)
	:: else
	fi;
#else
	if
	:: t = b % N + 1; await(b, t)
	:: t = (b + 1) % N + 1; await(b, t)
	:: true
	fi;
#endif
	/* Cut short, it goes on until all the others sleep or have ended. */
	if
	:: dead[b] ->
		timeout;
		assert(!loop(1) && !loop(2) && !loop(3))
	:: else
	fi;
	done[b] = true
}

/* The end of a nested group that one of them is in */
proctype canceller() {
	byte b;
	b = 2;
end:	atomic {
		firm[b] != 0;
		cut = true;
		dead[b] = true
	}
}

init {
	atomic {
#ifdef PENDING
		pending[3] = true;
#endif
		run body(1);
		run body(2);
		run body(3);
#ifdef CUT
		run canceller();
#endif
	};
	done[1] && done[2] && done[3]
}
