# ./bootstrap check: from a bare clone to every test, on this machine.
set -u

[ $# -eq 0 ] || {
	echo "usage: ./bootstrap check" >&2
	exit 2
}

. t/demo/steps.sh
. t/demo/packages.sh

# nginx is the front of the plain run; each of these has a run of its own
fronts="proxy_fcgi fcgid cgid htaccess"
jobs=$(nproc)

prepare() {
	cd "$work/source" && ./bootstrap && cp -a "$work/source" "$work/tree"
}

# configure_in DIR OPTION...: outside of the source, as packagers do
configure_in() {
	mkdir "$work/$1" && cd "$work/$1" || return
	shift
	"$work/source/configure" --quiet "$@"
}

with_clang() {
	configure_in clang CC=clang --enable-werror && make -j"$jobs" tests
}

with_gcc() {
	configure_in gcc --enable-werror &&
		make -j"$jobs" distcheck JOBTAIL_CHECK=fast \
			DISTCHECK_CONFIGURE_FLAGS=--enable-werror
}

# Warnings may pass here: gcc sees ghosts in code that it instruments.
with_sanitizers() {
	cd "$work/tree" &&
		./configure --quiet --enable-sanitizers CFLAGS='-g -O1' &&
		make -j"$jobs" tests
}

# A test that leaves the choice of a front to its environment is run once
# more behind each of them: t/FRONT/NAME.t, which prove takes as it is.
add_fronts() {
	local front file name
	for front in $fronts; do
		mkdir -p "t/$front"
		for file in t/e2e/*.t; do
			grep -q 'Jobtail::Test' "$file" || continue
			grep -q 'front *=>' "$file" && continue
			name=t/$front/${file##*/}
			printf '#!/bin/sh\nJOBTAIL_FRONT=%s exec perl %s\n' \
				"$front" "$file" >"$name"
			chmod +x "$name"
		done
	done
}

# What drives a browser, in the versions that the lock names;
# its cache goes away with the rest.
npm_packages() {
	mkdir "$work/npm" && cd "$work/npm" &&
		cp "$work/source"/t/e2e/package*.json . &&
		npm ci --cache "$work/npm/cache" --ignore-scripts --no-audit \
			--no-fund --no-update-notifier
}

# All that prove says, but its summary is held back until the skipped tests
# have been counted.
summary_last() {
	perl -ne '
		BEGIN { $| = 1 }
		$end ||= /^(?:All tests successful|Test Summary Report|Files=)/;
		$end ? push @end, $_ : print;
		END {
			for my $f (split /\0/, qx(find "$ENV{TAP}" -type f -print0)) {
				open my $tap, "<", $f or next;
				$f =~ s{^\Q$ENV{TAP}\E/}{};
				/^\s*(?:ok \d+|1\.\.0).*?#\s*skip\S*\s*(.*)/i
				    and push @skipped, "$f: $1" while <$tap>;
			}
			print "skipped in $_\n" for @skipped;
			print "Skipped: ", scalar @skipped, "\n", @end;
		}'
}

# Everything on one prove, so that one summary is true of all.
run_tests() {
	local front more=
	cd "$work/tree" && add_fronts || return
	for front in $fronts; do
		more="$more \$(wildcard t/$front/*.t)"
	done
	PERL_TEST_HARNESS_DUMP_TAP=$work/tap make -s --no-print-directory \
		check JOBTAIL_CHECK=all PROVE='prove --timer' MORE_TESTS="$more" |
		TAP=$work/tap summary_last
	return "${PIPESTATUS[0]}"
}

work_begin check
packages "${build_needs[@]}" clang=/usr/bin/clang \
	"$pg_need" "postgresql-$pg_major-pgtap" \
	nginx=/usr/sbin/nginx apache2=/usr/sbin/apache2 libapache2-mod-fcgid \
	spawn-fcgi=/usr/bin/spawn-fcgi python3=/usr/bin/python3 \
	python3-botocore curl=/usr/bin/curl openssl=/usr/bin/openssl \
	memcached=/usr/bin/memcached swift-proxy swift-account \
	swift-container swift-object pgbouncer=/usr/sbin/pgbouncer \
	man-db=/usr/bin/man mandoc=/usr/bin/mandoc \
	chromium-headless-shell='/usr/bin/chromium*' \
	nodejs=/usr/bin/node npm=/usr/bin/npm

step "copy the source" "is the disk full? (df $work)" copy_source
step "write configure" "autoconf's and automake's words are above" prepare
step "build with clang, warnings are errors" \
	"the first warning above is the one to mend" with_clang
step "build with gcc, make distcheck" \
	"above: a warning, a file that Makefile.am does not name, or a test" \
	with_gcc
step "build with sanitizers" "the compiler's words are above" \
	with_sanitizers

step "fetch what drives a browser" \
	"does npm reach its registry? (npm ping)" npm_packages
export JOBTAIL_NODE_MODULES=$work/npm/node_modules

mkdir -m 1777 "$work/tmp"
export TMPDIR=$work/tmp
say "[$(clock)] all tests on that build; end to end behind nginx, then" \
	"behind Apache: $fronts"
run run_tests || failed "tests" "prove names them above. One alone:
    ./bootstrap && ./configure --enable-sanitizers && make tests &&
    JOBTAIL_FRONT=nginx prove -v --exec t/demo/run-test t/e2e/NAME.t
    (JOBTAIL_FRONT: nginx $fronts; JOBTAIL_KEEP=1 keeps the servers' logs)"
