#!/bin/sh
# Tries `suiftly provision` for real: on a machine that has the package of suiftly and nothing else, made for the trial.
#
#     provision-trial.sh
#
# Runs inside that machine, as root, with /usr/bin/suiftly, its archives reachable, and /proc and /dev there. It makes the
# machine a server, again (nothing changes), breaks it in several ways, and sees each told and repaired. The server is left
# provisioned, with PostgreSQL running. SUIFTLY_TRIAL_TYPE says what it is to be: test, unless it is production or development.
set -eu

type=${SUIFTLY_TRIAL_TYPE:-test}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
case $type in
production) database=suiftly_prod ;;
test) database=suiftly_test ;;
*) database=suiftly_dev ;;
esac

fail() {
    echo "provision: $1" >&2
    cat "$log" >&2
    exit 1
}

# Runs it; what it says is in the log.
provision() {
    suiftly provision "$@" >"$log" 2>&1
}

# What it says must be there.
says() {
    grep -qF -e "$1" "$log" || fail "it does not say: $1"
}

as_postgres() {
    runuser -u postgres -- psql -X -tAq -v ON_ERROR_STOP=1 "$@"
}

# Everything but what PostgreSQL and apt keep of themselves.
state() {
    find /etc /usr/share /var/lib/suiftly /var/lib/suiftly-edge /var/lib/suiftly-deploy /var/backups -xdev \
        -printf '%p %m %u %g %y\n' 2>/dev/null | sort
    find /etc -xdev -type f -exec sha256sum {} + | sort
}

bare=$(state)
! provision --check || fail "a bare machine is taken for a server"
says "✗ deployment type: there is no /etc/suiftly/system.conf"
! provision --check --deployment-type "$type" || fail "a bare machine is taken for a server"
says "– schema: waits for"
! provision --deployment-type "$type" </dev/null || fail "it changes the machine without a yes"
says "say --yes"
[ "$bare" = "$(state)" ] || fail "a check changed the machine"

provision --deployment-type "$type" --domain suiftly.example.com --email help@example.com --yes ||
    [ "$type" = production ] || fail "it could not make the server"
cat "$log"
if [ "$type" = production ]; then
    # What only whoever operates knows is left to them, and nothing else.
    [ "$(grep -c '^✗' "$log")" -le 1 ] || fail "more than the rules is amiss"
    ! grep -q '^✗' "$log" || says "✗ rules:"
fi
made=$(state)
settled() {
    if [ "$type" = production ]; then
        provision --yes || true
        ! grep -q '^+' "$log" || fail "it changes something again"
    else
        provision --yes </dev/null || fail "the second run fails"
        says "nothing to do"
        provision --check || fail "a check of what it made fails"
    fi
}
settled
[ "$made" = "$(state)" ] || fail "the second run changed the machine"

# It lets the server in, and the role that runs makes nothing.
port=$(runuser -u postgres -- pg_lsclusters -h | awk 'NR == 1 { print $3 }')
runuser -u suiftly -- psql -X -tAq -p "$port" -d "$database" -c 'SELECT count(*) FROM customers' >/dev/null ||
    fail "user suiftly cannot read the database"
! runuser -u suiftly -- psql -X -tAq -p "$port" -d "$database" -c 'CREATE TABLE t ()' 2>/dev/null ||
    fail "the role that runs makes tables"
! runuser -u nobody -- psql -X -tAq -p "$port" -U suiftly -d "$database" -c 'SELECT 1' 2>/dev/null ||
    fail "another user comes in as suiftly"
env SUIFTLY_HAPROXY_USER=haproxy SUIFTLY_HAPROXY_GROUP=haproxy haproxy -c -q -f /etc/haproxy/suiftly/conf.d ||
    fail "HAProxy cannot use its files"
runuser -u suiftly-edge -- cat /etc/suiftly/edge.toml /etc/suiftly/edge-token >/dev/null ||
    fail "the edge cannot read its files"
! runuser -u suiftly-edge -- cat /etc/suiftly/secrets/jwt-keys 2>/dev/null || fail "the edge reads the server's secrets"
visudo -c -q || fail "sudo cannot use its files"

# Breaks something by a command, sees that the step tells of it, and lets it be repaired.
broken() {
    sh -c "$3" >/dev/null 2>&1 || fail "cannot do: $3"
    ! provision --check || fail "not seen: $3"
    says "✗ $1: "
    says "$2"
    provision --yes || [ "$type" = production ] || fail "not repaired: $3"
    says "+ $1: "
    # There what only whoever operates knows fails a check for ever.
    if [ "$type" = production ]; then settled; else provision --check || fail "a check of what it repaired fails"; fi
    echo "repaired: $1 ($3)"
}
secrets=$(sha256sum /etc/suiftly/secrets/* /etc/suiftly/edge-token)
broken secrets "jwt-keys has mode 0644, not 0600" "chmod 644 /etc/suiftly/secrets/jwt-keys"
broken secrets "does not belong to suiftly:suiftly" "chown root /etc/suiftly/secrets/vault-keys"
broken directories "there is no /var/backups/suiftly" "rmdir /var/backups/suiftly"
broken directories "/etc/suiftly/secrets has mode 0755" "chmod 755 /etc/suiftly/secrets"
broken roles "there is no role suiftly" \
    "cd /; runuser -u postgres -- psql -p $port -d $database -c 'DROP OWNED BY suiftly'; runuser -u postgres -- psql -p $port -c 'DROP ROLE suiftly'"
broken roles "role suiftly has other rights than it should" \
    "cd /; runuser -u postgres -- psql -p $port -c 'ALTER ROLE suiftly CREATEDB'"
broken access "pg_hba.conf does not let the server in" "sed -i /suiftly/d /etc/postgresql/*/main/pg_hba.conf"
broken cluster "does not run" "pg_ctlcluster \$(ls /etc/postgresql) main stop -m fast"
broken accounts "suiftly-edge is not in group haproxy" "gpasswd --delete suiftly-edge haproxy"
broken deploying "suiftly-deploy is not as it should be" "echo 'suiftly-deploy ALL=NOPASSWD: ALL' >/etc/sudoers.d/suiftly-deploy"
broken HAProxy "there is no /etc/haproxy/suiftly/conf.d/20-gateway.cfg" "rm /etc/haproxy/suiftly/conf.d/20-gateway.cfg"
[ "$secrets" = "$(sha256sum /etc/suiftly/secrets/* /etc/suiftly/edge-token)" ] || fail "a secret was made anew"

# What somebody decided is told, and left alone.
other=development
[ "$type" != development ] || other=test
! provision --deployment-type "$other" --yes || fail "it becomes another server"
says "this server is $type by /etc/suiftly/system.conf, not $other"
ln -s /etc/shadow /etc/suiftly/secrets/.link && mv /etc/suiftly/secrets/jwt-keys /root/ &&
    mv /etc/suiftly/secrets/.link /etc/suiftly/secrets/jwt-keys
! provision --yes || fail "a link is followed"
says "jwt-keys is no file; fix: move it away"
[ "$(stat -c %U /etc/shadow)" = root ] || fail "what the link names was changed"
mv /root/jwt-keys /etc/suiftly/secrets/jwt-keys
settled
echo "provision: a bare machine becomes a server, a second run changes nothing, what breaks is told and repaired"
