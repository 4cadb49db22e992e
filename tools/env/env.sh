# shellcheck shell=sh
# env.sh - the build environment: found, made, entered. Sourced by ./dev, which sets $top.
#
# The environment is Debian "forky" with the packages of tools/env/packages (docs/adr/0001). Three
# ways, the first that works: the host itself, a root file system in the cache folder, a container
# image. CHIMERA_ENV=native|rootfs|container takes that way only.

env_suite=forky
env_rules=1 # part of the hash: raise it when the way of making an environment changes

say() { printf '%s\n' "$*" >&2; }
die() {
    say "dev: $*"
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }
am_root() { [ "$(id -u)" = 0 ]; }

# shellcheck disable=SC2154  # top is set by ./dev
env_packages() { sed 's/#.*//; s/[[:space:]]*$//; /^$/d' "$top/tools/env/packages"; }

env_init() {
    env_hash=$({
        echo "$env_suite $env_rules $(uname -m)"
        env_packages
    } | sha256sum | cut -c1-12)
    env_cache=${XDG_CACHE_HOME:-$HOME/.cache}/chimera
    env_root=$env_cache/env-$env_hash
    env_tried=
}

# Why a way does not work; all of it is shown when none does.
tried() { env_tried="$env_tried
  $1: $2"; }

# sudo, where it can be used without a question or where there is someone to ask
env_sudo() {
    am_root && return 1
    has sudo || return 1
    sudo -n true 2>/dev/null || { [ -t 0 ] && [ -t 2 ]; }
}

as_root() {
    if am_root; then "$@"; else sudo "$@"; fi
}

# ---- the host itself

env_native() {
    [ "${CHIMERA_IN_ENV:-}" = "$env_hash" ] && return 0
    if ! grep -qs "^VERSION_CODENAME=$env_suite$" /etc/os-release || ! has dpkg-query; then
        tried native "this host is not Debian $env_suite"
        return 1
    fi
    # one query for all: a package that dpkg has never heard of is not in the answer
    # shellcheck disable=SC2046  # one word per package
    missing=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $(env_packages) 2>/dev/null |
        awk '$2 == "installed" { print $1 }' | sort |
        { env_packages | sort | comm -13 /dev/fd/3 -; } 3<&0 | tr '\n' ' ')
    [ -z "$missing" ] && return 0
    tried native "not installed: $missing
          (apt-get install --no-install-recommends $missing)"
    return 1
}

# ---- a root file system

# Which way into a root file system works here: root, user (user namespace), sudo.
env_door() {
    if am_root; then
        unshare -m true 2>/dev/null && { echo root && return 0; }
        return 1
    fi
    # the mount is the proof: some systems give the namespace and then refuse what it is for
    if unshare -U --map-root-user -m sh -c 'mount --rbind /proc /proc' 2>/dev/null; then
        echo user
    elif env_sudo && sudo unshare -m true 2>/dev/null; then
        echo sudo
    else
        return 1
    fi
}

# The mirror that the host's own apt uses for Debian; nothing on other systems, where mmdebstrap
# knows one.
env_mirror() {
    grep -qs '^ID=debian$' /etc/os-release || return 0
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
        2>/dev/null | awk -v codename="$codename" '
        function offer(uri, suite) {
            if (!found && uri ~ /^https?:/ && suite ~ "^(" codename "|forky|testing|stable|sid|unstable)$")
                print found = uri
        }
        /^[ \t]*#/ { next }
        /^deb[ \t]/ {
            sub(/\[[^]]*\]/, "")
            offer($2, $3)
            next
        }
        /^URIs:/   { uri = $2 }
        /^Suites:/ { suites = $0; sub(/^Suites:[ \t]*/, "", suites) }
        /^Enabled:[ \t]*no/ { uri = "" }
        /^[A-Z]/ && uri != "" && suites != "" {
            n = split(suites, s, /[ \t]+/)
            for (i = 1; i <= n; i++) offer(uri, s[i])
            uri = suites = ""
        }
        /^$/ { uri = suites = "" }'
}

env_install_mmdebstrap() {
    wanted="mmdebstrap debian-archive-keyring"
    am_root || wanted="$wanted uidmap"
    has mmdebstrap && [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] &&
        { am_root || has newuidmap || [ "$1" = sudo ]; } && return 0
    if ! has apt-get; then
        tried rootfs "mmdebstrap is not installed, and there is no apt-get to get it with"
        return 1
    fi
    if ! am_root && ! env_sudo; then
        tried rootfs "mmdebstrap or what it needs is missing; as root: apt-get install $wanted"
        return 1
    fi
    say "dev: installing $wanted"
    # shellcheck disable=SC2086  # one word per package
    if ! { as_root apt-get update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $wanted
    } >"$env_cache/apt.log" 2>&1; then
        tried rootfs "apt-get install $wanted failed; see $env_cache/apt.log"
        return 1
    fi
}

# Runs mmdebstrap with the options that every way shares: TARGET MODE
env_mmdebstrap() {
    target=$1 mode=$2
    mirror=$(env_mirror)
    list=$(env_packages | tr '\n' ',')
    set -- --mode="$mode" --variant=apt --components=main --include="${list%,}" \
        --aptopt='Acquire::Check-Valid-Until "false"' \
        --aptopt='APT::Install-Recommends "false"' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-include=/usr/share/doc/*/copyright'
    if [ -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then
        set -- "$@" --keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    fi
    apt-config dump 2>/dev/null | grep -E '^Acquire::https?::(.*::)?Proxy' >"$env_cache/proxy" || :
    while IFS= read -r line; do
        set -- "$@" --aptopt="${line%;}"
    done <"$env_cache/proxy"
    rm -f "$env_cache/proxy"
    set -- "$@" "$env_suite" "$target"
    [ -z "$mirror" ] || set -- "$@" "$mirror"
    if [ "$mode" = root ]; then
        as_root env http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" mmdebstrap "$@"
    else
        mmdebstrap "$@"
    fi
}

# Beside its place first, then renamed: what is there under its name is whole.
env_fill() {
    work=$1 door=$2 log=$3
    if [ "$door" = root ]; then
        env_mmdebstrap "$work" root >"$log" 2>&1 || return 1
    else
        # Through a tar file, so that everything in the cache belongs to the person whose cache it is.
        mode=unshare
        [ "$door" = sudo ] && mode=root
        mkdir "$work"
        { env_mmdebstrap - $mode 2>"$log" || echo failed >"$work.failed"; } |
            tar -x -C "$work" --no-same-owner --exclude='./dev/*' 2>>"$log" || return 1
        [ ! -e "$work.failed" ] || { rm -f "$work.failed"; return 1; }
    fi
    {
        echo "hash $env_hash"
        date -u '+made %Y-%m-%dT%H:%M:%SZ'
    } >"$work/etc/chimera-env"
}

env_make() {
    door=$1
    mkdir -p "$env_cache" || die "cannot write to $env_cache; set XDG_CACHE_HOME"
    exec 9>"$env_cache/env.lock"
    if ! flock -n 9; then
        say "dev: another process is making the environment; waiting for it"
        flock 9
    fi
    if [ -e "$env_root/etc/chimera-env" ]; then
        exec 9>&-
        return 0
    fi
    # Under the lock no making is under way, so these are of a creation that was killed.
    for dead in "$env_cache"/env-*.making.*; do
        [ ! -e "$dead" ] || rm -rf --one-file-system -- "$dead" 2>/dev/null || :
    done
    for old in "$env_cache"/env-????????????; do
        [ ! -d "$old" ] || say "dev: an older environment is still there: rm -rf '$old' frees it"
    done
    free=$(df -Pk "$env_cache" | awk 'END { print int($4 / 1024) }')
    if [ "$free" -lt 5000 ]; then
        tried rootfs "the environment needs 5000 MB, $env_cache has $free MB free; set XDG_CACHE_HOME"
        exec 9>&-
        return 1
    fi
    env_install_mmdebstrap "$door" || { exec 9>&-; return 1; }
    log=$env_cache/env-$env_hash.log
    work=$env_root.making.$$
    say "dev: making the environment, Debian $env_suite: about 3 minutes and 4 GB, once"
    say "     in $env_root (log: $log)"
    if (env_fill "$work" "$door" "$log") 9>&-; then
        mv "$work" "$env_root"
        say "dev: the environment stands"
        exec 9>&-
        return 0
    fi
    rm -rf --one-file-system -- "$work" 2>/dev/null || :
    exec 9>&-
    tried rootfs "mmdebstrap failed; the end of $log:
$(tail -5 "$log" | sed 's/^/          /')"
    return 1
}

env_rootfs() {
    if ! has unshare || ! has flock; then
        tried rootfs "unshare or flock (package util-linux) is missing"
        return 1
    fi
    if ! env_way=$(env_door); then
        if am_root; then
            tried rootfs "root may not make a mount namespace here (a container without CAP_SYS_ADMIN?
          start it with --privileged, or with --cap-add SYS_ADMIN)"
        else
            tried rootfs "no user namespaces for $(id -un), and no sudo that works without a terminal
          (run ./dev as root once, or let the administrator allow user namespaces)"
        fi
        return 1
    fi
    [ -e "$env_root/etc/chimera-env" ] || env_make "$env_way"
}

# ---- a container

env_container() {
    for tool in docker podman; do
        has $tool || { tried container "$tool is not installed"; continue; }
        $tool info >/dev/null 2>&1 || { tried container "$tool is installed, but does not answer"; continue; }
        env_way=$tool
        env_image=chimera-env:$env_hash
        $tool image inspect "$env_image" >/dev/null 2>&1 && return 0
        say "dev: making the environment's image with $tool: some minutes, once"
        $tool build --target env -t "$env_image" "$top" >&2 && return 0
        tried container "$tool build failed"
    done
    return 1
}

# ---- entering

# Sets env_kind to the first way that works, or explains and ends.
env_find() {
    env_init
    for env_kind in ${CHIMERA_ENV:-native rootfs container}; do
        case $env_kind in
        native) env_native && return 0 ;;
        rootfs) env_rootfs && return 0 ;;
        container) env_container && return 0 ;;
        *) die "CHIMERA_ENV is native, rootfs or container, not '$env_kind'" ;;
        esac
    done
    die "no build environment (Debian $env_suite) can be had here. Tried:$env_tried
The way out: root or sudo on a Debian or Ubuntu host, or Docker or Podman."
}

# Ends in the command: same process, same working directory, its exit code.
env_exec() {
    export CHIMERA_IN_ENV="$env_hash"
    case $env_kind in
    native) exec "$@" ;;
    rootfs)
        case $env_way in
        root) exec unshare -m -- sh "$top/tools/env/enter" "$env_root" "$PWD" as-is "$@" ;;
        user)
            exec unshare -U --map-root-user -m -- \
                sh "$top/tools/env/enter" "$env_root" "$PWD" "user:$(id -u):$(id -g)" "$@"
            ;;
        sudo)
            # sudo drops the environment; it comes back from a file that only this user can read
            vars=$(umask 077 && mktemp)
            export -p >"$vars"
            exec sudo unshare -m -- \
                sh "$top/tools/env/enter" "$env_root" "$PWD" "sudo:$(id -u):$(id -g):$vars" "$@"
            ;;
        esac
        ;;
    container) env_exec_container "$@" ;;
    esac
}

env_exec_container() {
    for place in /*; do
        case $place in
        /bin | /sbin | /lib* | /usr | /etc | /proc | /sys | /dev | /run | /boot | /lost+found) continue ;;
        esac
        [ ! -d "$place" ] || { mounts="${mounts:-} $place"; }
    done
    mounts=${mounts:-}
    # shellcheck disable=SC2016  # awk's $0
    names=$(env | awk -F= '/^(CHIMERA|HF|OMP|MKL|TORCH|XDG|NO_COLOR|TERM|HOME|CI)[A-Z_0-9]*=/ { print $1 }')
    n=$#
    set -- "$@" run --rm -i --init --network host -w "$PWD" -u "$(id -u):$(id -g)"
    if [ -t 0 ] && [ -t 1 ]; then set -- "$@" -t; fi
    for place in $mounts; do set -- "$@" -v "$place:$place"; done
    for name in $names; do set -- "$@" -e "$name"; done
    set -- "$@" "$env_image"
    while [ "$n" -gt 0 ]; do # the command goes behind the options
        set -- "$@" "$1"
        shift
        n=$((n - 1))
    done
    exec "$env_way" "$@"
}
