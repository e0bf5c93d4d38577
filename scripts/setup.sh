# Sourced by the other scripts: sets up what is missing, and says in one sentence what can't be.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
environment=$root/.venv
export PYTHONPATH=$root:$root/layers/core/python:$root/layers:$root/scripts

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Prints the first Python on the path that is new enough, if there is one then one that TensorFlow has wheels for.
find_python() {
    local newest candidate
    for newest in "3, 14" "4,"; do
        for candidate in python3 python3.13 python3.12 python3.11 python; do
            if "$candidate" -c "import sys; sys.exit(not (3, 11) <= sys.version_info < ($newest))" 2>/dev/null; then
                command -v "$candidate"
                return
            fi
        done
    done
    fail "Captionary needs Python 3.11 or newer; $(python3 --version 2>/dev/null || echo 'no python3') is what is here." \
        "Install one from your system's packages or python.org."
}

# need SET...: make the Python environment hold one of the sets of scripts/locks, the first if none is there yet.
# A larger set holds the smaller ones, so naming those after the wanted one saves work.
need() {
    local python
    has_one_of "$@" && return
    { # one at a time: a pack may be built beside this
        hold_lock 9
        has_one_of "$@" && return
        if ! "$environment/bin/python" -c '' 2>/dev/null; then
            python=$(find_python)
            "$python" -m venv --clear "$environment" ||
                fail "Python could not make an environment in $environment; on Debian and Ubuntu, install python3-venv."
        fi
        install_set "$environment" "$1"
    } 9>"$environment.lock"
}

has_one_of() {
    local set
    for set in "$@"; do
        if [ -x "$environment/bin/python" ] && cmp -s "$root/scripts/locks/$set.txt" "$environment/sets/$set.txt"; then
            return
        fi
    done
    return 1
}

# hold_lock DESCRIPTOR: wait for a file that is open; where there is no flock (on macOS), go on without.
hold_lock() {
    command -v flock >/dev/null || return 0
    flock --nonblock "$1" && return
    echo "Waiting for another installation of Python packages ..." >&2
    flock "$1"
}

# Stop where TensorFlow can't be installed.
need_python_for_tensorflow() {
    local python=$environment/bin/python
    [ -x "$python" ] || python=$(find_python)
    "$python" -c 'import sys; sys.exit(sys.version_info >= (3, 14))' ||
        fail "Training and building packs need TensorFlow, which has no wheels for Python 3.14 yet; use Python 3.11 to 3.13."
}

# install_set ENVIRONMENT SET
install_set() {
    local lock=$root/scripts/locks/$2.txt
    echo "Installing Python packages ($2, once) ..." >&2
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement "$lock" ||
        fail "The Python packages could not be installed; see pip's words above. A network to PyPI is needed once."
    mkdir -p "$1/sets"
    cp "$lock" "$1/sets/$2.txt"
}

need_node() {
    command -v npm >/dev/null && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number)
        process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null ||
        fail "Captionary needs Node 20.19 or newer, with npm, to build its page; $(node --version 2>/dev/null || echo 'none') is what is here." \
            "Install one from your system's packages or nodejs.org."
}

# Make frontend/node_modules what frontend/package-lock.json says.
need_page_packages() {
    local stamp=$root/frontend/node_modules/.captionary-lock
    cmp -s "$root/frontend/package-lock.json" "$stamp" && return
    need_node
    echo "Installing the page's packages (once) ..." >&2
    (cd "$root/frontend" && npm ci --silent --no-audit --no-fund) ||
        fail "The page's packages could not be installed; see npm's words above. A network to the npm registry is needed once."
    cp "$root/frontend/package-lock.json" "$stamp"
}

# Make frontend/dist what frontend's sources say.
need_page() {
    local stamp=$root/frontend/node_modules/.captionary-built sources
    sources=$(cd "$root/frontend" && find . \( -name node_modules -o -name dist \) -prune -o -type f -exec cksum {} + | sort)
    [ -f "$root/frontend/dist/index.html" ] && [ "$sources" = "$(cat "$stamp" 2>/dev/null)" ] && return
    need_page_packages
    echo "Building the page ..." >&2
    (cd "$root/frontend" && npm run --silent build >/dev/null) || fail "The page could not be built; see the words above."
    printf '%s\n' "$sources" >"$stamp"
}

# need_apart SET: a set in an environment of its own, because it pins other versions of what the rest uses:
# sam, AWS SAM's command line; dvc, which runs the training pipeline; runtimes, which benchmarks compare ours with.
need_apart() {
    local apart=$environment-$1
    cmp -s "$root/scripts/locks/$1.txt" "$apart/sets/$1.txt" && return
    "$(find_python)" -m venv --clear "$apart"
    install_set "$apart" "$1"
}

# side_by_side COMMAND...: run commands at once; stop where one failed, once all are through.
side_by_side() {
    local command job jobs=() failed=
    for command in "$@"; do
        $command &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do
        wait "$job" || failed=yes
    done
    [ -z "$failed" ] || exit 1
}

# A Chromium for the end-to-end tests; without one they say that they were skipped.
need_browser() {
    local name
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null && return
    done
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing Chromium for the end-to-end tests (once) ..." >&2
        { apt-get update && apt-get install --yes --no-install-recommends chromium; } >/dev/null 2>&1 && return
    fi
    echo "There is no Chromium here: the end-to-end tests will be skipped." >&2
}
