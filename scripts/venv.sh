#!/bin/sh
# Makes .venv and installs a requirements file into it, only when that file or the interpreter has changed.
#   scripts/venv.sh requirements.txt
set -eu
cd "$(dirname "$0")/.."
wanted=$1
stamp=.venv/.installed-$(basename "$wanted" .txt)

give_up() {
    echo "$1" >&2
    exit 1
}

recent_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

makes_environments() {
    "$1" -c 'import venv, ensurepip' 2>/dev/null
}

find_python() {
    recent='' any=''
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
        "$candidate" -c '' 2>/dev/null || continue
        any=${any:-$candidate}
        recent_enough "$candidate" || continue
        recent=${recent:-$candidate}
        makes_environments "$candidate" || continue
        echo "$candidate"
        return
    done
    version=$("${recent:-${any:-false}}" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true)
    if [ -n "$recent" ]; then
        give_up "Python $version ($recent) comes without the venv module: install it (Debian, Ubuntu: apt install python$version-venv)."
    elif [ -n "$any" ]; then
        give_up "LeadSail needs Python 3.11 or newer, and $any is $version: install a newer one or name it with PYTHON=/path/to/python3."
    else
        give_up "No Python found${PYTHON:+ at $PYTHON}: install Python 3.11 or newer, or name one with PYTHON=/path/to/python3."
    fi
}

fingerprint() {
    cat requirements.txt "$wanted" | cksum
}

if [ ! -x .venv/bin/python ] || ! recent_enough .venv/bin/python; then
    python=$(find_python)
    echo "Making the virtual environment with $("$python" -V)…"
    rm -rf .venv
    "$python" -m venv .venv || give_up "The virtual environment could not be made in $(pwd)/.venv, see above."
fi
[ "$(cat "$stamp" 2>/dev/null)" = "$(fingerprint)" ] && exit 0

echo "Installing $wanted (a minute or two the first time, nothing after that)…"
rm -f "$stamp"
# --no-compile: Python compiles what it really imports; compiling all of it takes longer than the download.
{
    .venv/bin/python -m pip install --disable-pip-version-check --no-input --no-compile --progress-bar off \
        --root-user-action=ignore -r "$wanted" >.venv/pip.log 2>&1
    echo $? >.venv/pip.status
} &
installer=$!
trap 'kill $installer 2>/dev/null; exit 130' INT TERM
while kill -0 "$installer" 2>/dev/null; do
    sleep 1
    [ -t 1 ] && printf '\r  %s packages fetched' "$(grep -c '^Collecting' .venv/pip.log 2>/dev/null || true)"
done
[ -t 1 ] && printf '\r                              \r'
if [ "$(cat .venv/pip.status)" != 0 ]; then
    tail -n 5 .venv/pip.log >&2
    give_up "The installation failed, see above and .venv/pip.log."
fi
fingerprint >"$stamp"
