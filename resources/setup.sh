#!/bin/sh
# Sets pool_gui up on a machine that has Python 3.11 or newer with its venv module, then
#
#   sh resources/setup.sh run [OPTIONS]   opens the window with a demo running; without
#                                         a display it saves a picture and a report
#   sh resources/setup.sh test            runs every check: lint, types, imports, tests
#
# System packages are installed only where something is missing, by apt-get or dnf, as
# root or through sudo. Everything else goes into .venv of this checkout. A second run
# installs nothing.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/.venv
cd "$root"

say() { printf 'setup: %s\n' "$*" >&2; }

give_up() {
    say "$*"
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

find_python() {
    for candidate in "${PYTHON:-}" "$venv/bin/python" python3 python3.13 python3.12 python3.11; do
        if [ -n "$candidate" ] && "$candidate" -c \
            'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    give_up "Python 3.11 or newer with its venv module is needed; Debian and Ubuntu have" \
        "them in the packages python3 and python3-venv"
}

# --- system packages ---------------------------------------------------------------

package_manager() {
    if have apt-get; then echo apt; elif have dnf; then echo dnf; else echo names; fi
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

may_install() {
    [ "$manager" != names ] && { [ "$(id -u)" -eq 0 ] || have sudo; }
}

install_packages() {
    say "installing system packages: $*"
    if [ "$manager" = dnf ]; then
        as_root dnf install -q -y "$@"
        return
    fi
    # Images often come without package lists, or with lists that have aged.
    if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
        as_root apt-get update -qq
    elif apt_install "$@"; then
        return
    else
        as_root apt-get update -qq
    fi
    apt_install "$@"
}

apt_install() {
    # What goes wrong comes on stderr; each unpacked file need not be told.
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

# Without any font Qt draws boxes; what a desktop already has is left alone.
missing_fonts() {
    for folder in /usr/share/fonts /usr/local/share/fonts "$HOME/.fonts" "$HOME/.local/share/fonts"; do
        if [ -n "$(find "$folder" -name '*.[to]tf' ! -name 'DejaVu*' 2>/dev/null | head -n 1)" ]; then
            return
        fi
    done
    case $manager in
    apt) echo fonts-dejavu-core fonts-inter ;;
    dnf) echo dejavu-sans-fonts rsms-inter-fonts ;;
    esac
}

# The tests of the real window need an X server, a window manager and a hand.
missing_screen_tools() {
    for tool in Xvfb openbox xdotool; do
        have "$tool" && continue
        case $manager-$tool in
        apt-Xvfb) echo xvfb ;;
        dnf-Xvfb) echo xorg-x11-server-Xvfb ;;
        *) echo "$tool" ;;
        esac
    done
}

install_system_packages() {
    [ "$(uname -s)" = Linux ] || return 0
    manager=$(package_manager)
    libraries=$("$python" -m pool_gui.cli.libraries "$manager")
    wanted="$libraries $(missing_fonts)"
    [ "$1" = test ] && wanted="$wanted $(missing_screen_tools)"
    # shellcheck disable=SC2086 # a list of package names
    set -- $wanted
    [ $# -eq 0 ] && return
    if may_install; then
        install_packages "$@" || give_up "the system packages could not be installed"
    elif [ -n "$libraries" ]; then
        give_up "Qt lacks system libraries; ask an administrator to install: $*"
    else
        say "goes on without: $* (to install them needs root or sudo)"
    fi
}

# CPython's own tests of thread pools run against ours too. Some interpreters come
# without them; Debian has them in a package, and without that they are skipped.
install_interpreter_tests() {
    [ "$(uname -s)" = Linux ] && [ "$(package_manager)" = apt ] || return 0
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    for place in "$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
        "/usr/lib/python$version"; do
        ls "$place"/test/test_concurrent_futures* >/dev/null 2>&1 && return
    done
    manager=apt
    if ! may_install || ! install_packages "libpython$version-testsuite"; then
        say "goes on without CPython's own tests of thread pools"
    fi
}

# --- Python packages ---------------------------------------------------------------

install_python_packages() {
    state=$(cksum pyproject.toml; "$python" --version)
    for mark in "$venv/.ready-to-test" "$venv/.ready-to-$1"; do
        [ "$(cat "$mark" 2>/dev/null)" = "$state" ] && "$venv/bin/python" -c '' && return
    done
    case $1 in
    run) what=. ;;
    test) what='.[dev]' ;;
    esac
    say "installing the Python packages into .venv"
    if ! "$venv/bin/python" -c '' 2>/dev/null; then
        "$python" -m venv --clear "$venv"
    fi
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$venv/bin/python" -m pip install --quiet --editable "$what"
    printf '%s\n' "$state" >"$mark"
}

# --- what the two commands do ------------------------------------------------------

run() {
    if [ "$(uname -s)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}${QT_QPA_PLATFORM:-}" ]; then
        mkdir -p build
        say "there is no display, so this saves a picture of the window: build/pool-gui.png"
        say "and the numbers behind it: build/pool-gui.json"
        exec "$venv/bin/pool-gui" snapshot "$@" -o build/pool-gui.png --report build/pool-gui.json
    fi
    [ $# -gt 0 ] || set -- --demo mix
    exec "$venv/bin/pool-gui" "$@"
}

# Longest first: two lanes take one after the other, and so end together.
parts="unit/pool system unit gui truth interleaving mypy arch contracts format lint"

begin_part() {
    case $1 in
    lint) ruff check ;;
    format) ruff format --check ;;
    mypy) mypy ;;
    contracts) lint-imports ;;
    unit) pytest -q -m "$selected" tests/unit --ignore=tests/unit/pool ;;
    *) pytest -q -m "$selected" "tests/$1" ;;
    esac
}

run_part() {
    began=$(date +%s)
    if begin_part "$1" >"$taken/output" 2>&1; then outcome=passed; else
        outcome=FAILED
        echo "$1" >>"$logs/failed"
    fi
    # All at once: the other lane writes too.
    {
        printf '\n--- %s\n' "$1"
        cat "$taken/output"
        printf -- '--- %s %s in %s s\n' "$1" "$outcome" "$(($(date +%s) - began))"
    } >"$taken/report"
    cat "$taken/report" >&3
}

run_lane() {
    for part in $parts; do
        case $part in
        lint | format | mypy | contracts) ;;
        *) [ -d "tests/$part" ] || continue ;;
        esac
        taken=$logs/$(echo "$part" | tr / -)
        mkdir "$taken" 2>/dev/null || continue # the other lane has it
        run_part "$part"
    done
}

run_checks() {
    PATH=$venv/bin:$PATH
    # Hundreds of programs start: without it each of them compiles every module anew.
    unset PYTHONDONTWRITEBYTECODE
    selected=
    for tool in Xvfb openbox xdotool; do
        have "$tool" || selected="not screen"
    done
    logs=$root/build/checks
    rm -rf "$logs"
    mkdir -p "$logs"
    exec 3>&1
    if [ "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)" -gt 1 ]; then
        # A pipeline, in which nothing flows, and no `&`: what that starts ignores
        # the interrupt key, and so would all that the tests start and interrupt.
        run_lane </dev/null | run_lane </dev/null
    else
        run_lane
    fi
    [ -z "$selected" ] || say "the tests of the real window were left out: Xvfb, openbox or xdotool is missing"
    [ ! -e "$logs/failed" ] || give_up "these checks failed: $(tr '\n' ' ' <"$logs/failed")"
    say "all checks passed"
}

case ${1:-} in
run | test) ;;
*)
    say "usage: sh resources/setup.sh run [OPTIONS of pool-gui] | test"
    exit 2
    ;;
esac
goal=$1
shift
python=$(find_python)
install_system_packages "$goal"
[ "$goal" = run ] || install_interpreter_tests
install_python_packages "$goal"
if [ "$goal" = run ]; then run "$@"; else run_checks; fi
