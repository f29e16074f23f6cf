# What "./bootstrap demo" and "./bootstrap check" share: steps that show their
# progress, a temporary directory, and an end that leaves nothing behind.
# Sourced by bash in the top directory of the source.

# Every step becomes a group of processes that can be ended as one, and none
# inherits the shell's habit of ignoring SIGINT in the background.
set -m
umask 022
unset CDPATH MAKEFLAGS MAKELEVEL DESTDIR PERL5LIB PERL5OPT \
	CFLAGS CPPFLAGS LDFLAGS CC top_builddir srcdir \
	${!JOBTAIL_*} ${!PG*} ${!HARNESS_*}
export LC_ALL=C.UTF-8 no_proxy=127.0.0.1,localhost

top=$PWD
work=            # the temporary directory
child=           # the group that is running
patient=         # set while a step must not be cut short

clock() {
	printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60))
}

say() {
	printf '%s\n' "$*"
}

# run COMMAND...: in a group of its own; its status. A signal ends the wait.
run() {
	local status=0
	"$@" </dev/null &
	child=$!
	wait "$child" || status=$?
	child=
	return $status
}

# step NAME ADVICE COMMAND...: one line of progress; the output goes to a
# file, the end of which is shown when the command fails, with the advice.
step() {
	local name=$1 advice=$2 began=$SECONDS log status=0
	shift 2
	log=$work/log/${name//[^a-z0-9]/-}
	printf '[%s] %s ... ' "$(clock)" "$name"
	run "$@" >"$log" 2>&1 || status=$?
	if [ $status -ne 0 ]; then
		printf 'failed\n\n'
		tail -n 60 "$log"
		failed "$name" "$advice"
	fi
	printf '%d s\n' $((SECONDS - began))
}

# failed NAME ADVICE: the last words.
failed() {
	{
		printf '\nFAILED: %s (after %s)\n' "$1" "$(clock)"
		printf 'What to do: %s\n' "$2"
	} >&2
	exit 1
}

# work_begin NAME: makes $work, where everybody may look and programs run.
# root's own TMPDIR is often closed to the users that root steps down to.
work_begin() {
	local base
	for base in "${TMPDIR:-/tmp}" /tmp /var/tmp; do
		[ "$(id -u)" -ne 0 ] || [ "$base" = /tmp ] ||
			[ "$base" = /var/tmp ] || continue
		work=$(mktemp -d "$base/jobtail-$1.XXXXXX" 2>/dev/null) || continue
		printf '#!/bin/sh\nexit 0\n' >"$work/try"
		chmod 755 "$work" "$work/try"
		if "$work/try" 2>/dev/null; then
			rm "$work/try"
			mkdir "$work/log"
			return
		fi
		rm -rf "$work"
	done
	work=
	failed "a temporary directory" \
		"make /tmp or /var/tmp writable, without the mount option noexec"
}

# Servers that lost their parent: only those that name our directory.
end_leftovers() {
	local signal pid left
	for signal in INT KILL; do
		left=
		for pid in /proc/[0-9]*; do
			tr '\0' ' ' 2>/dev/null <"$pid/cmdline" |
				grep -qF "$work/" || continue
			kill -$signal "${pid#/proc/}" 2>/dev/null && left=yes
		done
		[ -n "$left" ] || return
		sleep 2
	done
}

# End what runs, give it 20 s to clean up after itself, take the rest away.
work_end() {
	local status=$? i
	trap '' INT TERM HUP PIPE
	trap - EXIT
	if [ -n "$child" ]; then
		if [ -n "$patient" ]; then
			say "stops when the packages are in place"
		else
			kill -TERM -- "-$child" 2>/dev/null
		fi
		for ((i = 0; i < 200 || ${#patient}; i++)); do
			kill -0 -- "-$child" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL -- "-$child" 2>/dev/null
	fi
	packages_end
	[ -z "$work" ] || end_leftovers
	if [ -n "$work" ]; then
		chmod -R u+w "$work" 2>/dev/null
		rm -rf "$work"
	fi
	exit $status
}

trap work_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

# copy_source: the files of this checkout, as they are now, to $work/source,
# without what an earlier build left among them.
copy_source() {
	mkdir "$work/source"
	if git -c safe.directory="$top" rev-parse --git-dir >/dev/null 2>&1; then
		git -c safe.directory="$top" ls-files -z -c -o --exclude-standard |
			while IFS= read -r -d '' file; do
				[ ! -e "$file" ] || printf '%s\0' "$file"
			done | tar -c --null --no-recursion -T -
	else
		tar -c --exclude=./.git --exclude='*.o' --exclude='*.a' \
			--exclude=./Makefile --exclude=./config.status .
	fi | tar -x --no-same-owner -C "$work/source"
	chmod -R u+w,a+rX "$work/source"
}

# . packages.sh must follow: packages_end is there.
