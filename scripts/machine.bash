# What the other scripts ask of the machine. To be sourced.
# shellcheck shell=bash

# Says why nothing more is done, and ends.
fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# Whether Node is there, and new enough for the tools that build the pages.
has_node() {
    has npm && has node &&
        node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}

# Whether Python is there, new enough for the fuzzer, and able to make an environment for it.
has_python() {
    has python3 && python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Whether somebody listens on this port of 127.0.0.1.
is_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# The first port from this one on that nobody listens on.
free_port() {
    local port=$1
    while is_taken "$port"; do
        port=$((port + 1))
    done
    echo "$port"
}
