# What the scripts for temporary PostgreSQL servers share. They set LINK, a link to the folder of the running server.
# shellcheck shell=bash
# shellcheck source=scripts/machine.bash
source scripts/machine.bash

# The scripts that source this use it.
# shellcheck disable=SC2034
readonly ROLE=userprofile

# The folder of PostgreSQL's programs. On Debian, it is not in PATH, and there is one for each version.
programs() {
    local initdb
    initdb=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    [[ -x $initdb ]] || initdb=$(command -v initdb) || return 1
    dirname "$initdb"
}

check() {
    programs >/dev/null && has openssl
}

# The user that the server runs as.
owner() {
    if [[ $EUID -ne 0 ]]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

as_owner() {
    local owner
    owner=$(owner)
    if [[ $EUID -ne 0 ]]; then
        "$@"
    elif has setpriv; then
        setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups -- "$@"
    elif has runuser; then
        runuser -u "$owner" -- "$@"
    else
        su -s /bin/sh -c 'exec "$@"' -- "$owner" sh "$@"
    fi
}

# Runs a PostgreSQL program in the folder $home: it needs a working directory that its user can read.
run_program() {
    local program
    program=$(programs)/$1
    shift
    (cd "$home" && as_owner "$program" "$@")
}

# Creates a folder for a server, $home, and makes $LINK point to it. It is elsewhere, because the path of a socket is
# limited to about 100 bytes, and because the server may run as a user without access to this clone.
make_home() {
    local parent
    for parent in "${TMPDIR:-/tmp}" /tmp; do
        if as_owner test -x "$parent"; then
            break
        fi
    done
    home=$(mktemp -d "${parent%/}/userprofile-postgres.XXXXXX")
    # Created first, so that `stop` finds the folder if the start fails.
    mkdir -p "$(dirname "$LINK")"
    ln -sfn "$home" "$LINK"
}

remove_home() {
    if [[ -L $LINK && $(readlink "$LINK") == */userprofile-postgres.* ]]; then
        rm -rf "$(readlink "$LINK")"
    fi
    rm -f "$LINK"
}
