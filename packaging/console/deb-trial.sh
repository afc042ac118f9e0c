#!/bin/sh
# Tries the console's Debian package on a machine that has nothing else: a bare Debian 12 made for it, where the package
# is installed with what it depends on, everything that its program links to must be found, and the program must run.
#
#     packaging/console/deb-trial.sh PACKAGE.deb
#
# Needs root, debootstrap, and the packages of Debian. SUIFTLY_TRIAL_MIRROR names another mirror, SUIFTLY_TRIAL_SUITE
# another release. What it makes it removes.
set -eu

package=$(realpath "${1:?name the package to try}")
suite=${SUIFTLY_TRIAL_SUITE:-bookworm}
mirror=${SUIFTLY_TRIAL_MIRROR:-http://deb.debian.org/debian}
[ "$(id -u)" = 0 ] || { echo "this needs root" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "this needs debootstrap: apt-get install debootstrap" >&2; exit 1; }

root=$(mktemp -d /var/tmp/suiftly-console-trial.XXXXXX)
trap 'rm -rf "$root"' EXIT
trap 'exit 1' INT TERM
chmod 755 "$root"

inside() {
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

echo "making a bare Debian ($suite)"
debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
rm -f "$root.log"
# No service is started in there.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
# The machine's own settings for its packages, such as a proxy.
cp -rL /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
[ ! -e /etc/apt/apt.conf ] || cp /etc/apt/apt.conf "$root/etc/apt/apt.conf"

echo "installing $(basename "$package") with what it depends on"
cp "$package" "$root/root/suiftly-console.deb"
inside apt-get update -q >/dev/null
inside apt-get install -y -q --no-install-recommends /root/suiftly-console.deb >"$root/root/apt.log" 2>&1 ||
    { tail -n 20 "$root/root/apt.log" >&2; exit 1; }

missing=$(inside ldd /usr/bin/suiftly-console | grep 'not found' || true)
[ -z "$missing" ] || { echo "not found: $missing" >&2; exit 1; }
inside suiftly-console --version
inside suiftly-console --help >/dev/null

# Without a display it says so, in one line, and ends.
said=$(inside suiftly-console 2>&1) && { echo "it ran without a display" >&2; exit 1; }
case $said in
*"there is no display"*) ;;
*) echo "without a display it says: $said" >&2; exit 1 ;;
esac

for file in /usr/share/applications/suiftly-console.desktop /usr/share/icons/hicolor/128x128/apps/suiftly-console.png \
    /usr/share/doc/suiftly-console/copyright; do
    [ -s "$root$file" ] || { echo "not in the package: $file" >&2; exit 1; }
done
inside apt-get purge -y -q suiftly-console >/dev/null 2>&1
[ ! -e "$root/usr/bin/suiftly-console" ] || { echo "it stays when it is removed" >&2; exit 1; }
echo "the package installs, runs and goes"
