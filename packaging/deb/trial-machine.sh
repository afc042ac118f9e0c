# For trial.sh: the machine that the package is tried on, a container with a systemd and a network of its own.
# shellcheck shell=bash

# How long anything there may take, in tenths of a second.
patience=1800

# Memory that has to be free for the machines to lie in it, in KiB.
memory_needed_kib=$((8 << 20))

# In memory, if there is enough of it: a disk takes twice the time.
in_memory() {
    local free
    free=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
    if [ "$free" -gt "$memory_needed_kib" ]; then
        mount -t tmpfs -o size=4g,mode=755 suiftly-trial "$work" 2>/dev/null || true
    fi
}

clear_work() {
    umount "$work" 2>/dev/null || true
    rm -rf --one-file-system "$work"
}

# Runs a command in the root, without a systemd, with this machine's network.
in_root() {
    local status=0
    systemd-nspawn -q -D "$root" --register=no --keep-unit --pipe \
        -E PATH=/usr/sbin:/usr/bin:/sbin:/bin -E LC_ALL=C.UTF-8 -E DEBIAN_FRONTEND=noninteractive \
        -E SYSTEMD_COLORS=0 -E SYSTEMD_URLIFY=0 "$@" 2>"$root.err" || status=$?
    # The container's own farewell says nothing of the command.
    grep -v '^Attempted to remove disk file system' "$root.err" >&2 || true
    return "$status"
}

# Runs a command in the started machine.
inside() {
    nsenter -t "$leader" -m -u -i -n -p -C -- \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root "$@"
}

# Until a command succeeds; what it says last is shown if it never does.
await() {
    local said i
    for ((i = 0; i < patience; i++)); do
        if said=$("$@" 2>&1); then return 0; fi
        sleep 0.1
    done
    echo "this did not come to be: $*: $said" >&2
    return 1
}

is_up() {
    case $(inside systemctl is-system-running 2>/dev/null) in
    running | degraded) ;;
    *) return 1 ;;
    esac
}

# Starts it with a network of its own: its ports are nobody else's.
start_machine() {
    systemd-nspawn -q -D "$root" -b -M "$machine" --register=no --keep-unit --private-network \
        >"$root.console" 2>&1 </dev/null &
    nspawn=$!
    local i
    for ((i = 0; i < 100; i++)); do
        leader=$(pgrep -P "$nspawn" -x systemd || true)
        [ -z "$leader" ] || break
        kill -0 "$nspawn" 2>/dev/null || { nspawn=; return 1; }
        sleep 0.1
    done
    [ -n "$leader" ] && await is_up && saw "a Debian with a systemd of its own is up" "$(inside systemctl --version | head -n 1)"
}

end_machine() {
    [ -n "$nspawn" ] || return 0
    # What it does at the end is of no interest.
    inside systemctl poweroff --no-block >/dev/null 2>&1 || true
    local i
    for ((i = 0; i < 300; i++)); do
        kill -0 "$nspawn" 2>/dev/null || break
        sleep 0.1
    done
    kill -9 "$nspawn" 2>/dev/null || true
    wait "$nspawn" 2>/dev/null || true
    nspawn=
}

# Ends what runs in the copy, by its process: what it started goes with it.
end_beside() {
    [ -z "$beside" ] || kill "$beside" 2>/dev/null || true
    [ -z "$beside" ] || wait "$beside" 2>/dev/null || true
    beside=
}

# The sum of a metric over its labels; nothing while nobody answers.
metric() {
    inside curl -sf --max-time 10 http://127.0.0.1:3001/metrics |
        awk -v name="$1" 'index($1, name) == 1 { sum += $2; found = 1 } END { if (!found) exit 1; printf "%.0f\n", sum }'
}

# Distinct lines by their number, as the server has counted them in all its lives.
received() {
    metric suiftly_loss_received_lines_total 2>/dev/null || echo 0
}

has_received() {
    [ "$(received)" = "$1" ]
}

main_pid() {
    inside systemctl show -p MainPID --value suiftly.service
}

is_serving() {
    inside systemctl is-active --quiet suiftly.service && inside curl -sf --max-time 10 http://127.0.0.1:3000/ready >/dev/null
}
