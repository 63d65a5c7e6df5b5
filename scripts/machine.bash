# Functions that the other scripts source.
# shellcheck shell=bash

# Prints an error, and exits.
fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# Whether Node is installed, in a version that can build the pages.
has_node() {
    has npm && has node &&
        node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}

# Whether Python is installed with venv, in a version that can run the fuzzer.
has_python() {
    has python3 && python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Whether a program listens on this port of 127.0.0.1.
is_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# The first free port, starting with this one.
free_port() {
    local port=$1
    while is_taken "$port"; do
        port=$((port + 1))
    done
    echo "$port"
}
