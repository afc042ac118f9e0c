#!/bin/bash
# Tries the server's Debian package on a machine that has nothing else: a bare Debian 12 made for it, started with its own
# systemd. There it is installed, provisioned, started, fed lines, killed, upgraded under load, restarted under a connection,
# deployed to (deploy-trial.sh), removed, installed again and purged. A copy of it, without a systemd, is provisioned, broken
# and repaired meanwhile (provision-trial.sh). What was seen goes into PROOF, if one is named.
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

work=$(mktemp -d /var/tmp/suiftly-trial.XXXXXX)
root=$work/machine
rows=$work/rows
machine=suiftly-trial-$$
nspawn=
beside=
. "$here/trial-machine.sh"
trap 'end_machine; end_beside; clear_work' EXIT
trap 'exit 1' INT TERM
in_memory
mkdir -m 755 "$root"
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
. "$here/deploy-trial.sh"

make_root
lint
install_package
refuses_without_a_type
units_hold
provisions_beside
# Without a systemd of its own nothing can be served there.
tried="installs and provisions, its units hold; NOT TRIED: serving, upgrade, a connection over a restart, removal"
if start_machine; then
    provisioned
    behind_nginx
    takes_lines
    survives_a_kill
    logs_fields
    is_watched
    upgrades_under_load
    restarts_under_load
    holds_every_line
    deploys
    goes_and_comes_back
    purges
    tried="installs, provisions, serves, upgrades under load by UDP and by a TCP connection that goes on, without losing a line, is deployed to by ssh, goes, comes back, and purges"
else
    echo "NOT TRIED: serving, upgrade, a connection over a restart, removal: a systemd cannot be started here: $(tail -n 1 "$root.console")"
    printf '| serving, upgrade, a connection over a restart, removal | NOT TRIED: no systemd could be started |\n' >>"$rows"
fi
end_machine
provisioned_beside
[ -z "$proof" ] || write_proof >"$proof"
echo "the package $tried"
