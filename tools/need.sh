#!/bin/sh
# Checks that what a make target needs is here, and says in one line how to get what is not.
#
#   tools/need.sh go node mariadb redis chromium curl jq zbar
#
# Debian packages that are missing are installed when it runs as root; it installs nothing
# that is there, so a second run says and changes nothing. Services that Debian would start
# on its own are kept from starting: the tests run private instances.
set -eu

go_minor=26
node_major=20
missing=""
failed=0

say() { echo "need: $*" >&2; }

refuse() {
    say "$*"
    failed=1
}

need_go() {
    if ! command -v go >/dev/null 2>&1; then
        refuse "Go 1.$go_minor or newer is missing: see https://go.dev/doc/install"
        return
    fi
    version=$(go env GOVERSION)
    minor=$(echo "$version" | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
    if [ -n "$minor" ] && [ "$minor" -lt "$go_minor" ]; then
        refuse "Go 1.$go_minor or newer is needed, this is $version: see https://go.dev/doc/install"
    fi
}

need_node() {
    if ! command -v node >/dev/null 2>&1; then
        refuse "Node $node_major or newer is missing: see https://nodejs.org/en/download"
        return
    fi
    major=$(node --version | sed -n 's/^v\([0-9]*\).*/\1/p')
    if [ "${major:-0}" -lt "$node_major" ]; then
        refuse "Node $node_major or newer is needed, this is $(node --version): see https://nodejs.org/en/download"
    fi
}

# need_package NAME PROGRAM... : the package is there when one of its programs is.
need_package() {
    package=$1
    shift
    for program in "$@"; do
        if PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null 2>&1; then
            return
        fi
    done
    missing="$missing $package"
}

# Debian asks this file before it starts a service; 101 means no.
policy=/usr/sbin/policy-rc.d

hold_services() {
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        trap 'rm -f "$policy" "$log"' EXIT
        trap 'exit 130' INT TERM HUP
    fi
}

quietly() {
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        say "failed: $*"
        exit 1
    fi
}

install_missing() {
    if ! command -v apt-get >/dev/null 2>&1; then
        refuse "these are missing:$missing; install them as your system does"
        return
    fi
    if [ "$(id -u)" -ne 0 ]; then
        refuse "these are missing: sudo apt-get install --no-install-recommends$missing"
        return
    fi
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    hold_services
    export DEBIAN_FRONTEND=noninteractive
    say "reading Debian's package lists"
    quietly apt-get -qq -o DPkg::Lock::Timeout=300 update
    say "installing$missing"
    # shellcheck disable=SC2086 # one word a package
    quietly apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $missing
}

for what in "$@"; do
    case $what in
    go) need_go ;;
    node) need_node ;;
    mariadb) need_package mariadb-server mariadbd mysqld ;;
    redis) need_package redis-server redis-server ;;
    chromium) need_package chromium chromium ;;
    curl) need_package curl curl ;;
    jq) need_package jq jq ;;
    zbar) need_package zbar-tools zbarimg ;;
    *) refuse "nobody knows what $what is" ;;
    esac
done
if [ -n "$missing" ]; then
    install_missing
fi
exit "$failed"
