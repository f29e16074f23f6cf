# ./bootstrap demo [--once]: from a bare clone to a timeline that grows.
# The part after the build is the program beside this file, "timeline".
set -u

once=
case "${1-}" in
--once) once=--once ;;
"") ;;
*)
	echo "usage: ./bootstrap demo [--once]" >&2
	exit 2 ;;
esac

. t/demo/steps.sh
. t/demo/packages.sh

build() {
	cd "$work/source" && ./bootstrap && ./configure --quiet &&
		make -j"$(nproc)" V=0
}

work_begin demo
packages "${build_needs[@]}" "$pg_need" nginx=/usr/sbin/nginx \
	curl=/usr/bin/curl
step "copy the source" "is the disk full? (df $work)" copy_source
step "build jobtail" "the compiler's words are above" build
say "[$(clock)] start PostgreSQL, nginx and jobtail"
mkdir "$work/run"
run perl "$work/source/t/demo/timeline" $once \
	--program "$work/source/src/jobtail" --under "$work/run" ||
	failed "the demo" "what went wrong is written above"
