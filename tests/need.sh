# What the scripts of the tests share: installing what is missing. Sourced by them.

give_up() {
    echo "error: $1" >&2
    exit 1
}

# Installs Debian's packages unless a command is there.
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null || install "$@"
    command -v "$command" >/dev/null ||
        give_up "the tests need $command, which could not be installed here; install it (Debian's packages: $*) and run them again"
}

# Installs Debian's packages, if this is a Debian.
install() {
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    if command -v apt-get >/dev/null; then
        "${as_root[@]}" apt-get update -qq >&2 &&
            "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" >&2 || true
    fi
}

need_node() {
    need node nodejs npm
    need npm npm
    node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major * 100 + +minor < 2011 ? 1 : 0)' ||
        give_up "the tests need Node.js 20.11 or newer, not $(node --version); install it and run them again"
}

# Installs the npm packages of a directory unless they are there. npm leaves a copy of the lock
# beside what it installed.
need_packages_of() {
    if [ ! "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ]; then
        npm ci --silent --prefix "$1" ||
            give_up "the packages of $1 could not be installed; npm ci there says why"
    fi
}
