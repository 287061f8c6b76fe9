/*
 * rank.pml: finish what has begun: who gets a free slot (queue.go, rank.go, slot.go,
 * admit.go).
 *
 * One limit of one slot, which body A has. It awaits C, which depends on B, which
 * depends on an Input, and that comes at any time. The end of B also makes K ready,
 * declared before C, for which nobody waits. X is another outermost body, which
 * may come at any time, and leave the queue again: its group ends, or it loses a
 * Race. With NESTED A is in its Wait for a nested group that has C, K is in such a
 * group of somebody else, both become ready at any time, and X, which has the slot,
 * awaits A. With TURNS X has the slot, A and K wait for something that comes at any
 * time, and A may wait for something else in another goroutine.
 *
 * Left out: limits inside of others (a place in a queue has just a mark here, or
 * none), who became ready by the end of another before who was when declared, ranks
 * above 2; slots that are taken and given without the mutex are in limit.pml.
 *
 * Checked: a slot goes to a body that goes on, the first whose wait has ended, and
 * else to one of the highest rank; what a body waits for, with all that this still
 * needs, has a higher rank than it, whenever it becomes ready; so X begins only when
 * nothing is ready that A waits for, also when a search holds it back; each body
 * begins once, and not when it has left the queue; of entries that are left behind
 * it is known how many there are; everything ends.
 *
 * check:
 * check: -DNESTED
 * check: -DTURNS
 * break: BREAK_GOING
 * break: BREAK_RANK
 * break: BREAK_STALE
 * break: BREAK_MARK
 * break: BREAK_PLACE
 * break: BREAK_TURN -DTURNS
 * break: BREAK_RAISE
 * break: BREAK_FIRST
 * break: BREAK_LATER
 * break: BREAK_HELD
 * break: BREAK_KEEP
 * break: BREAK_GROUP -DNESTED
 * break: BREAK_JOIN -DNESTED
 */
#define A	1
#define B	2
#define C	3
#define K	4
#define X	5
#define N	6
#define PLACES	12
#define GOES	9	/* instead of a rank: the row of those that go on */
#define MANY	1	/* 64 */

byte free;		/* Limiter.word */

/* queue: entries, in the order in which they came */
byte places;
byte eNode[PLACES], eTurn[PLACES], eRank[PLACES];
byte valid, stale;
byte lastTurn;

/* Node.pending: a count and holds */
byte count[N], holds[N];
byte rank[N];
byte turn[N];		/* of a body that is to start */
bool mark[N];
bool raised;		/* Limiter.raised */
byte groupRank[N];	/* Group.rank of the node's group */

/* claim */
short waiting[N];
byte queued[N];		/* a wait, 0 if none */
byte claimTurn[N];

bool done[N];		/* Node.list is closed */
bool opened;		/* A's wait is open, or with NESTED X's */
bool over;		/* and has ended */
byte woke;		/* waits, a set */

/* What only the model knows. */
byte want[N];		/* the rank that it has to have at least */
byte begun;		/* bodies, a set */
bool left;		/* X has left */

#define bit(x)		(1 << (x))
#define higher(a, b)	(eRank[a] > eRank[b] || eRank[a] == eRank[b] && eTurn[a] < eTurn[b])

/* entry.goes and starts */
#if defined(BREAK_TURN)
#define goes(i)		(queued[eNode[i]] != 0)
#else
#define goes(i)		(queued[eNode[i]] != 0 && claimTurn[eNode[i]] == eTurn[i])
#endif
#if defined(BREAK_MARK)
#define starts(i)	(rank[eNode[i]] == eRank[i] && turn[eNode[i]] == eTurn[i])
#elif defined(BREAK_PLACE)
#define starts(i)	(mark[eNode[i]] && turn[eNode[i]] == eTurn[i])
#else
#define starts(i)	(mark[eNode[i]] && rank[eNode[i]] == eRank[i] && turn[eNode[i]] == eTurn[i])
#endif
#define isValid(i)	(eRank[i] == GOES && goes(i) || eRank[i] != GOES && starts(i))

inline push(node, t, r) {
	assert(places < PLACES);
	eNode[places] = node; eTurn[places] = t; eRank[places] = r;
	places++
}

/* Takes out the entry i. */
inline takeOut(i) {
	places--;
	y = i;
	do
	:: y < places -> eNode[y] = eNode[y + 1]; eTurn[y] = eTurn[y + 1]; eRank[y] = eRank[y + 1]; y++
	:: else -> break
	od;
	eNode[places] = 0; eTurn[places] = 0; eRank[places] = 0;
	y = 0
}

/* queue.tidy, if that is to be */
inline tidy(isTime) {
	if
	:: isTime ->
		x = 0;
		do
		:: x < places && !isValid(x) -> takeOut(x)
		:: x < places && isValid(x) -> x++
		:: else -> break
		od;
		x = 0;
		stale = 0
	:: else
	fi
}

/* queue.drop, countOut first: the entry stays. */
inline drop() {
	stale++;
	valid--;
	tidy(valid == 0 && stale > 0);
	tidy(stale >= valid + MANY)
}

/* queue.pushReady, which takes the rank that it has now */
inline pushReady(node) {
	mark[node] = true;
	if
	:: groupRank[node] > rank[node] -> rank[node] = groupRank[node]
	:: else
	fi;
	if
	:: turn[node] == 0 -> lastTurn++; turn[node] = lastTurn
	:: else
	fi;
	push(node, turn[node], rank[node]);
	valid++
}

/* queue.pop: it sets who, 0 for none, and on if that goes on. */
inline pop() {
	who = 0; on = false;
	do
	:: places == 0 -> break
	:: else ->
		best = 0; x = 1;
		do
		:: x < places ->
			if
#ifdef BREAK_GOING
			:: (eRank[best] == GOES && eRank[x] != GOES) || (eRank[best] == GOES) == (eRank[x] == GOES) && higher(x, best) -> best = x
#elif defined(BREAK_RANK)
			:: eTurn[x] < eTurn[best] -> best = x
#else
			:: higher(x, best) -> best = x
#endif
			:: else
			fi;
			x++
		:: else -> break
		od;
		x = 0;
#ifdef BREAK_STALE
		if
		:: eRank[best] != GOES || isValid(best) ->
#else
		if
		:: isValid(best) ->
#endif
			who = eNode[best]; on = (eRank[best] == GOES);
			takeOut(best);
			valid--;	/* countOut */
			tidy(valid == 0 && stale > 0);
			break
		:: else -> takeOut(best); stale--
		fi
	od;
	best = 0
}

/* How many entries are left behind is known. */
inline counted() {
	x = 0; y = 0;
	do
	:: x < places -> y = y + (isValid(x) -> 0 : 1); x++
	:: else -> break
	od;
	assert(stale == y && places == valid + stale);
	x = 0; y = 0
}

/* A body gets its slot, to go on or to start: nobody is ready who comes before. */
inline first(node, goesOn) {
	x = 1;
	do
	:: x < N ->
		assert(queued[x] == 0 || x == node || goesOn && claimTurn[node] < claimTurn[x]);
		/* In the queue, or ready and held back by a search */
		assert(goesOn || x == node || want[x] <= want[node] || (begun & bit(x)) != 0 ||
			!mark[x] && !(count[x] == 0 && holds[x] > 0));
		x++
	:: else -> break
	od;
	x = 0
}

/* A body is pushed, with its slot. */
inline start(node) {
	assert((begun & bit(node)) == 0 && !(node == X && left));
	begun = begun | bit(node);
	run body(node)
}

/* Limiter.giveLocked, and grants.deliver, which is without the mutex in Go */
inline give() {
	pop();
	if
	:: who == 0 -> free++; assert(free == 1)
	:: who != 0 && on ->
		first(who, true);
		woke = woke | bit(queued[who]);
		queued[who] = 0; claimTurn[who] = 0
	:: who != 0 && !on ->
		first(who, false);
		mark[who] = false;
		start(who)
	fi;
	counted();
	who = 0; on = false
}

/* Group.admit */
inline admit(node) {
	atomic {
		if
		:: free > 0 -> free--; first(node, false); start(node)
		:: else -> pushReady(node); counted()
		fi
	}
}

/* Node.takeSlots of the wait w, which it wakes if it reports true */
inline takeSlots(node, w) {
	atomic {
		waiting[node]--;
		if
		:: waiting[node] != 0 -> woke = woke | bit(w)
		:: waiting[node] == 0 && free > 0 -> free--; woke = woke | bit(w)
		:: else ->
			lastTurn++;
			queued[node] = w; claimTurn[node] = lastTurn;
			push(node, lastTurn, GOES);
			valid++;
			counted()
		fi
	}
}

/* raising.raiseNode of a node that has no open wait: it is pinned, or raised in the queue. */
inline raiseNode(node, r) {
	pin = false;
	if
	:: done[node] || rank[node] >= r || groupRank[node] >= r
	:: else ->
#ifdef BREAK_LATER
		if
		:: mark[node] -> rank[node] = r	/* not if it is ready later */
		:: else
		fi;
#else
		rank[node] = r;
#endif
		raised = true;
		if
		:: mark[node] ->	/* queue.raise */
			push(node, turn[node], r);
			stale++;
			tidy(stale >= valid + MANY);
			counted()
		:: else ->
			pin = (count[node] > 0);
			holds[node] = holds[node] + pin
		fi
	fi
}

/* raising.raiseLocked of A's wait for C, or of X's for A */
inline raiseLocked() {
#ifndef BREAK_RAISE
	if
	:: over
	:: else ->
#ifdef NESTED
		/* A has an open wait, for its group. */
		rank[A] = 1;
		raised = true;
#ifndef BREAK_GROUP
		if	/* raiseGroup */
		:: !done[C] ->
#ifndef BREAK_JOIN
			groupRank[C] = 2;	/* of what is queued later */
#endif
			if
			:: mark[C] ->
				rank[C] = 2;
				push(C, turn[C], 2);
				stale++;
				tidy(stale >= valid + MANY);
				counted()
			:: else
			fi
		:: else
		fi
#endif
#else
		raiseNode(C, 1);
		pinnedC = pin;
#ifndef BREAK_FIRST
		if
		:: pin -> raiseNode(B, 1); pinnedB = pin
		:: else
		fi;
#endif
		pin = false
#endif
	fi
#else
	skip
#endif
}

/* Node.release */
inline release(node) {
	atomic { holds[node]--; ok = (count[node] == 0 && holds[node] == 0) };
	if
	:: ok -> ok = false; admit(node)
	:: else
	fi
}

inline raiseRest() {
	if
	:: pinnedC -> pinnedC = false; release(C)
	:: else
	fi;
	if
	:: pinnedB -> pinnedB = false; release(B)
	:: else
	fi
}

/* Node.giveSlots: what it raises, and what it gives */
inline giveSlots(node) {
	atomic { raiseLocked() };
#ifndef BREAK_HELD
	raiseRest();
#endif
	atomic {
		if
		:: !over ->
#ifdef NESTED
			want[C] = 2
#else
			want[C] = 1; want[B] = 1
#endif
		:: else
		fi;
		waiting[node]++;
		if
		:: waiting[node] == 1 -> give()
		:: else
		fi
	};
#ifdef BREAK_HELD
	raiseRest();
#endif
	skip
}

#define locals	byte who, best, x, y; bool on, ok, pin, pinnedB, pinnedC

/* Node.arrived, by the Input or a body's end: it sets ok. */
inline arrived(node) {
	atomic { count[node]--; ok = (count[node] == 0 && holds[node] == 0) }
}

/* A body that has its slot, and its end */
proctype body(byte n) {
	locals;
#if defined(TURNS)
	if
	:: n == A || n == K ->
		/* Its wait is over. */
		takeSlots(n, n);
		(woke & bit(n)) != 0;
		if
		:: n == A -> done[0]	/* it joins the other goroutine */
		:: else
		fi;
		assert(waiting[n] == 0 && queued[n] == 0)
	:: else
	fi;
#elif defined(NESTED)
	if
	:: n == X ->
		opened = true;
		if
		:: done[A] -> over = true; takeSlots(X, X)
		:: else
		fi;
		giveSlots(X);
		(woke & bit(X)) != 0
	:: else
	fi;
#else
	if
	:: n == A ->
		opened = true;	/* wait.announce, and the link */
		atomic { ok = (done[C] && !over); over = (over || ok) };
		if
		:: ok -> ok = false; takeSlots(A, A)
		:: else
		fi;
		giveSlots(A);
		(woke & bit(A)) != 0
	:: else
	fi;
#endif
	done[n] = true;
#if !defined(NESTED) && !defined(TURNS)
	if
	:: n == C ->
		atomic { ok = (opened && !over); over = (over || ok) };	/* wait.end */
		if
		:: ok -> ok = false; takeSlots(A, A)
		:: else
		fi
	:: n == B ->
		/* worker.nextLimited: K is the oldest that it has made ready. */
		count[K] = 0;
		arrived(C);
		pin = (valid > 0);	/* Limiter.isContended */
		if
#ifdef BREAK_KEEP
		:: !pin ->
#else
		:: !pin && (!ok || !raised) ->
#endif
			atomic {
				assert(!ok || want[C] <= want[K]);	/* C is ready as well */
				begun = begun | bit(K);
				run body(K)
			}
		:: else -> admit(K); pin = true
		fi;
		if
		:: ok -> ok = false; admit(C)
		:: else
		fi;
		if
		:: !pin -> goto kept
		:: else -> pin = false
		fi
	:: else
	fi;
#endif
#ifdef NESTED
	if
	:: n == C -> takeSlots(A, A); run joiner()	/* Group.endJoins */
	:: else
	fi;
#endif
	atomic { give() };	/* Node.vacate */
kept:
	skip
}

#ifdef NESTED
/* A, in its Wait */
proctype joiner() {
	locals;
	(woke & bit(A)) != 0;
	done[A] = true;
	atomic { ok = (opened && !over); over = (over || ok) };
	if
	:: ok -> ok = false; takeSlots(X, X)
	:: else
	fi;
	atomic { give() }
}
#endif

#ifdef TURNS
/* The other goroutine of A, which waits as well */
proctype other() {
	locals;
	if
	:: true
	:: true ->
		atomic {	/* giveSlots: dropLocked if it is queued */
			waiting[A]++;
			if
			:: waiting[A] == 1 && queued[A] != 0 ->
				woke = woke | bit(queued[A]);
				queued[A] = 0; claimTurn[A] = 0;
				drop();
				counted()
			:: waiting[A] == 1 && queued[A] == 0 -> give()
			:: else
			fi
		};
		takeSlots(A, B);
		(woke & bit(B)) != 0
	fi;
	done[0] = true
}
#endif

/* What becomes ready, at any time */
proctype comes(byte n) {
	locals;
	arrived(n);
	if
	:: ok -> ok = false; admit(n)
	:: else
	fi
}

#if !defined(NESTED) && !defined(TURNS)
/* Group.skipQueued of X */
proctype skips() {
	locals;
	atomic {
		if
		:: mark[X] -> left = true; mark[X] = false; drop(); counted()
		:: else
		fi
	}
}
#endif

init {
	atomic {
#if defined(TURNS)
		waiting[A] = 1; waiting[K] = 1;
		begun = bit(A) | bit(K) | bit(X);
		run body(A); run body(K); run body(X); run other();
#elif defined(NESTED)
		waiting[A] = 1;
		begun = bit(A) | bit(X);
		groupRank[C] = 1; groupRank[K] = 1;
		want[C] = 1; want[K] = 1;
		count[C] = 1; count[K] = 1;
		run body(X); run comes(C); run comes(K);
#else
		begun = bit(A);
		count[B] = 1; count[C] = 1; count[K] = 1; count[X] = 1;
		run body(A); run comes(B); run comes(X); run skips();
#endif
	};
	atomic {
		_nr_pr == 1;
		assert(free == 1 && valid == 0 && places == 0);
#if defined(TURNS)
		assert(waiting[A] == 0 && waiting[K] == 0)
#elif defined(NESTED)
		assert(done[A] && done[C] && done[K] && done[X])
#else
		assert(done[A] && done[B] && done[C] && done[K] && done[X] == !left)
#endif
	}
}
