# Installs Debian's packages without waking anything up. Sourced after
# steps.sh.
#
# Debian starts the servers that it installs and makes a first PostgreSQL
# cluster. Both are refused while we install, and servers that came new are
# not started at boot either; what was there before is left as it is.

policy=/usr/sbin/policy-rc.d
no_cluster=/etc/postgresql-common/createcluster.d/jobtail-refuses.conf
as_root=         # "sudo" where needed
refusing=        # set while services are refused
servers='^(apache2|apache-htcacheclean|memcached|nginx|pgbouncer|postgresql|rsync|swift-.*)$'

# is_there NEED: "package" or "package=path" (a pattern that may match
# something which another package or a build by hand brought).
is_there() {
	case $1 in
	*=*)
		compgen -G "${1#*=}" >/dev/null && return ;;
	esac
	dpkg-query -W -f '${db:Status-Status}\n' "${1%%=*}" 2>/dev/null |
		grep -qx installed
}

apt() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Options::=--force-confold "$@"
}

refuse_services() {
	refusing=yes
	if [ -e $policy ] && [ ! -e $policy.before-jobtail ]; then
		$as_root mv $policy $policy.before-jobtail
	fi
	printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
	$as_root chmod 755 $policy
	$as_root mkdir -p "${no_cluster%/*}"
	echo 'create_main_cluster = false' | $as_root tee $no_cluster >/dev/null
	ls /etc/init.d >"$work/services.before"
}

# The other way round; also when the installation was cut short.
packages_end() {
	[ -n "$refusing" ] || return 0
	refusing=
	$as_root rm -f $policy $no_cluster
	if [ -e $policy.before-jobtail ]; then
		$as_root mv $policy.before-jobtail $policy
	fi
	dpkg-query -S "${no_cluster%/*}" >/dev/null 2>&1 ||
		$as_root rmdir -p "${no_cluster%/*}" 2>/dev/null
	new_services >"$work/services.new"
	while read -r name; do
		$as_root update-rc.d "$name" disable >/dev/null 2>&1
	done <"$work/services.new"
}

new_services() {
	ls /etc/init.d | LC_ALL=C comm -13 "$work/services.before" - |
		grep -E "$servers"
}

install_missing() {
	local known
	known=$(apt-cache policy "$@" 2>/dev/null |
		grep -c '^  Candidate: [^(]')
	if [ "$known" -lt $# ]; then
		apt update || return
		apt install -y --no-install-recommends "$@"
		return
	fi
	# lists that are some weeks old name files that are gone
	apt install -y --no-install-recommends "$@" || {
		apt update && apt install -y --no-install-recommends "$@"
	}
}

# packages NEED...: installs those that are not there.
packages() {
	local need lacking=()
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null
	then
		say "This is no Debian: nothing is installed. What is expected:"
		say "  ${*%%=*}"
		return
	fi
	for need; do
		is_there "$need" || lacking+=("${need%%=*}")
	done
	[ ${#lacking[@]} -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		as_root=sudo
		# asks for the password now, in the foreground
		command -v sudo >/dev/null && sudo -v || failed \
			"becoming root to install ${lacking[*]}" \
			"as root: apt-get install ${lacking[*]}; then again"
	fi
	say "Installs: ${lacking[*]}"
	patient=yes
	refuse_services
	step "install packages" \
		"see apt-get's words above; network and apt's sources in order?" \
		install_missing "${lacking[@]}"
	packages_end
	patient=
	if [ -s "$work/services.new" ]; then
		say "       new here, not started and off at boot:" \
			$(sed 's/^swift-.*/swift-*/' "$work/services.new" | uniq)
	fi
}

# What building needs.
build_needs=(gcc=/usr/bin/gcc libc6-dev make=/usr/bin/make perl
	autoconf=/usr/bin/autoconf automake=/usr/bin/automake
	pkg-config=/usr/bin/pkg-config xz-utils=/usr/bin/xz
	libfcgi-dev libjson-c-dev libpq-dev libssl-dev
	'libcurl4-openssl-dev=/usr/include/*/curl/curl.h')

# PostgreSQL's major version: the newest here, else Debian 12's.
pg_major=$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null |
	sed 's,.*postgresql/\([0-9]*\)/.*,\1,' | sort -n | tail -n 1)
pg_major=${pg_major:-15}
pg_need=postgresql-$pg_major=/usr/lib/postgresql/$pg_major/bin/initdb
