#!/bin/bash
# Tries the server's Debian package on a machine that has nothing else: a bare Debian 12 made for it, started with its own
# systemd. There it is installed, provisioned, started, fed lines, killed, upgraded under load, removed, installed again and
# purged. What was seen goes into PROOF, if one is named.
#
#     packaging/deb/trial.sh PACKAGE.deb NEXT.deb [PROOF.md]
#
# NEXT is a later version. Needs root, debootstrap, systemd-nspawn, lintian, and the packages of Debian.
# SUIFTLY_TRIAL_MIRROR names another mirror, SUIFTLY_TRIAL_SUITE another release. What it makes it removes.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
package=$(realpath "${1:?name the package to try}")
next=$(realpath "${2:?name a later version of it}")
proof=${3:-}
suite=${SUIFTLY_TRIAL_SUITE:-bookworm}
mirror=${SUIFTLY_TRIAL_MIRROR:-http://deb.debian.org/debian}
[ "$(id -u)" = 0 ] || { echo "this needs root" >&2; exit 1; }
for tool in debootstrap systemd-nspawn nsenter lintian; do
    command -v "$tool" >/dev/null || { echo "this needs $tool" >&2; exit 1; }
done

root=$(mktemp -d /var/tmp/suiftly-trial.XXXXXX)
rows=$root.rows
machine=suiftly-trial-$$
nspawn=
. "$here/trial-machine.sh"
trap 'end_machine; rm -rf --one-file-system "$root" "$root".*' EXIT
trap 'exit 1' INT TERM
chmod 755 "$root"
: >"$rows"

# A step that went well: told, and kept for the proof.
saw() {
    printf '  ok  %s\n' "$1"
    printf '| %s | %s |\n' "$1" "${2:-yes}" >>"$rows"
}

fail() {
    echo "FAILED: $*" >&2
    if [ -n "$nspawn" ]; then
        inside journalctl --no-pager -n 40 -u suiftly.service -u suiftly.socket -u suiftly-udp.socket >&2 || true
    fi
    exit 1
}

. "$here/trial-steps.sh"

lint
make_root
install_package
refuses_without_a_type
units_hold
# Without a systemd of its own nothing can be served there.
if start_machine; then
    provisioned
    behind_nginx
    takes_lines
    survives_a_kill
    is_watched
    upgrades_under_load
    holds_every_line
    goes_and_comes_back
    purges
    end_machine
else
    echo "NOT TRIED: serving, upgrade, removal: a systemd cannot be started here: $(tail -n 1 "$root.console")"
    printf '| serving, upgrade, removal | NOT TRIED: no systemd could be started |\n' >>"$rows"
fi
[ -z "$proof" ] || write_proof >"$proof"
echo "the package installs, serves, upgrades under load without losing a line, goes, comes back, and purges"
