#!/bin/sh
# Checks every model clean, and that spin finds every broken line.
#
# Usage: sh check.sh [model ...]   e.g. sh check.sh relay limit
#
# Exit code: 0 all is as it must be, 1 it is not, 3 a program is missing.
set -u

for program in spin gcc; do
	if ! command -v "$program" >/dev/null 2>&1; then
		echo "check.sh: $program is not installed; nothing was checked. Install it:" >&2
		echo "    apt-get install $program" >&2
		exit 3
	fi
done

here=$(cd "$(dirname "$0")" && pwd)
jobs=${JOBS:-2}

# check_one FILE OUT NAME [-DX ...]: one line in OUT. NAME is "clean", "safe" (clean,
# but for runs that go on for ever), or a mutation, which is one of the defines.
check_one() {
	file=$1 out=$2 name=$3
	shift 3
	dir=$(mktemp -d) || exit 1
	cd "$dir" || exit 1
	model=$(basename "$file" .pml)
	variant=$(echo "$*" | sed 's/-D//g')
	verdict=bad what="spin or gcc failed" states=- depth=-
	# Safety first; then, when nothing was found, that no run goes on for ever.
	modes='-DSAFETY -DNP'
	[ "$name" = safe ] && modes=-DSAFETY
	for mode in $modes; do
		spin "$@" -a "$file" >log 2>&1 || { what=$(head -n 1 log); break; }
		# Where spin has written much, gcc would take longer than the search.
		fast=-O1
		[ "$(wc -l <pan.m)" -gt 5000 ] && fast=-O0
		gcc -w $fast $mode -DMEMLIM=1700 -o pan pan.c >log 2>&1 || { what="gcc: $(head -n 1 log)"; break; }
		flags=
		[ $mode = -DNP ] && flags=-l
		[ $mode = -DNP ] && grep -q '^ \* fair:' "$file" && flags='-l -f'
		./pan $flags -m200000 -w22 >log 2>&1
		n=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' log)
		[ $mode = -DSAFETY ] && states=$n
		[ $mode = -DSAFETY ] && depth=$(sed -n 's/.*depth reached \([0-9]*\).*/\1/p' log)
		if ! grep -q 'errors: ' log || grep -q 'Search not completed' log && grep -q 'errors: 0' log || grep -q 'max search depth too small' log; then
			what="the search was not finished"
			break
		fi
		if ! grep -q 'errors: 0' log; then
			found=$(sed -n 's/^pan:[0-9]*: \(.*\) (at depth.*/\1/p' log | head -n 1 | tr -s ' ' | cut -c 1-60)
			if [ "$name" = clean ] || [ "$name" = safe ]; then
				what="ERROR: $found"
			else
				verdict=good what="found: $found"
			fi
			break
		fi
		if [ "$mode" = "${modes##* }" ]; then
			if [ "$name" = clean ] || [ "$name" = safe ]; then
				verdict=good what="no error"
			else
				what="NOT FOUND"
			fi
		fi
	done
	printf '%s\t%-9s %-24s %9s %6s  %s\n' $verdict "$model" "${variant:-clean}" "$states" "$depth" "$what" >"$out"
	cd / && rm -rf "$dir"
}

if [ "${1:-}" = --one ]; then
	shift
	check_one "$@"
	exit 0
fi

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM

# The lines "check: ...", "safe: ..." and "break: ..." in a model say how it is run.
for model in ${*:-relay link wait limit maps rank shared end nest undo context cycle blocking calls due timed entrant quiet}; do
	file=$here/$model.pml
	[ -f "$file" ] || { echo "check.sh: no model $model" >&2; exit 1; }
	sed -n 's/^ \* check:/clean/p; s/^ \* safe:/safe/p; s/^ \* break: *\(BREAK_[A-Z]*\)/\1 -D\1/p' "$file" |
		while read -r name defines; do echo "$file $name $defines"; done
done >"$tmp/list"

n=0
while read -r file name defines; do
	n=$((n + 1))
	# A blank at the end would join the line with the next.
	echo "--one $file $tmp/$(printf %03d $n).out $name $defines" | sed 's/ *$//'
done <"$tmp/list" >"$tmp/runs"
xargs -P "$jobs" -L 1 sh "$here/check.sh" <"$tmp/runs"

printf '%-9s %-24s %9s %6s  %s\n' model variant states depth result
cat "$tmp"/*.out | cut -f 2-
want=$(wc -l <"$tmp/runs") good=$(cat "$tmp"/*.out | grep -c '^good')
echo
if [ "$good" -ne "$want" ]; then
	echo "model: $((want - good)) of $want runs are not as they must be" >&2
	exit 1
fi
echo "model: $want runs, all as they must be: no error in a model, one in every broken one"
