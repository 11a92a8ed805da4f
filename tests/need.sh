# Functions that install missing dependencies. Sourced by the test scripts.

fail() {
    echo "error: $1" >&2
    exit 1
}

# need COMMAND PACKAGE...: installs Debian packages unless a command exists.
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null || install "$@"
    command -v "$command" >/dev/null ||
        fail "the tests need $command, which could not be installed; install it (Debian packages: $*) and run them again"
}

# Installs Debian packages if apt-get exists.
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
        fail "the tests need Node.js 20.11 or newer, not $(node --version); install it and run them again"
}

# Installs the npm packages of a directory unless they are up to date: npm keeps a copy of the lock
# file with the packages that it installed.
install_npm_packages() {
    if [ ! "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ]; then
        npm ci --silent --prefix "$1" ||
            fail "the packages of $1 could not be installed; run npm ci there to see why"
    fi
}
