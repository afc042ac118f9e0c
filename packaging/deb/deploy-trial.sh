# For trial.sh: `suiftly deploy` onto the machine that the package is tried on, by its sshd, as the account that
# `suiftly provision` made for it. The machine serves before and after, with the version that it had.
# shellcheck shell=bash

releases=/var/lib/suiftly-releases
said=

deploys() {
    local had
    had=$(installed_version)
    reachable_by_ssh
    make_versions
    wants_a_way_back "$had"
    follows_with_a_good_one
    goes_back_from_a_broken_one
    goes_on_without_a_connection
    asks_before_it_migrates
    sudo_lets_in_one_command
    inside rm -r "$releases/packages"
}

installed_version() {
    # shellcheck disable=SC2016
    inside dpkg-query -W -f '${Version}' suiftly
}

# Somebody with a key, who is nobody else on this machine.
reachable_by_ssh() {
    local home=/var/lib/suiftly-deploy
    inside systemctl start ssh
    inside useradd -m deployer
    inside runuser -u deployer -- mkdir -m 700 /home/deployer/.ssh
    inside runuser -u deployer -- ssh-keygen -q -t ed25519 -N '' -f /home/deployer/.ssh/id_ed25519
    inside sh -c 'ssh-keyscan -t ed25519 localhost >/home/deployer/.ssh/known_hosts 2>/dev/null'
    inside install -o suiftly-deploy -g suiftly-deploy -m 0600 /home/deployer/.ssh/id_ed25519.pub "$home/.ssh/authorized_keys"
}

# version NAME: the package again, as a version of that name. What stands on standard input changes its files.
version() {
    local tree="$root.version"
    rm -rf "$tree"
    dpkg-deb -R "$package" "$tree"
    sed -i "s/^Version: .*/&+$1/" "$tree/DEBIAN/control"
    (cd "$tree" && sh -e)
    dpkg-deb --root-owner-group -Zgzip -z1 -b "$tree" "$root/srv/$1.deb" >/dev/null
    rm -rf "$tree"
}

make_versions() {
    local first
    first=$(dpkg-deb -f "$package" Version)
    version good </dev/null
    # Its installation waits until it is told to go on.
    version better <<'STEPS'
sed -i '2i until [ -e /run/trial-goes-on ]; do sleep 0.1; done' DEBIAN/postinst
STEPS
    version broken <<'STEPS'
printf '#!/bin/sh\necho "it does not even start" >&2\nexit 1\n' >usr/bin/suiftly
STEPS
    # It migrates, and ends.
    version newer <<'STEPS'
sed -i 's/^Suiftly-Schema: .*/Suiftly-Schema: 9999/' DEBIAN/control
cat >usr/bin/suiftly <<'PROGRAM'
#!/bin/sh
psql -q -U suiftly_owner suiftly_test -c "INSERT INTO schema_migrations VALUES (9999, 'trial', '', false) ON CONFLICT DO NOTHING"
exit 1
PROGRAM
STEPS
    good=$first+good better=$first+better broken=$first+broken newer=$first+newer
}

# deploy STATUS ARGUMENTS…: it must end so.
deploy() {
    local expected=$1 status=0
    shift
    said=$(as_deployer suiftly deploy "$@" --host localhost --watch 3 --ready-within 10 2>&1) || status=$?
    [ "$status" = "$expected" ] || fail "suiftly deploy $* ended with $status: $said; $(cat "$root$releases/status.json")"
}

as_deployer() {
    inside runuser -u deployer -- "$@"
}

says() {
    local words
    for words in "$@"; do
        case $said in
        *"$words"*) ;;
        *) fail "it does not say \"$words\": $said" ;;
        esac
    done
}

runs() {
    [ "$(installed_version)" = "$1" ] || fail "$(installed_version) is installed, not $1"
    is_serving || fail "$1 does not serve"
}

wants_a_way_back() {
    deploy 1 /srv/good.deb
    says "refused, nothing was changed there" "there is no package of the version that runs, $1," "$releases/packages/suiftly_$1.deb"
    runs "$1"
    # As it says.
    if [ "$1" = "$(dpkg-deb -f "$package" Version)" ]; then cp "$package" "$root$releases/packages/suiftly_$1.deb"; fi
    if [ "$1" = "$(dpkg-deb -f "$next" Version)" ]; then cp "$next" "$root$releases/packages/suiftly_$1.deb"; fi
    deploy 0 /srv/good.deb --dry-run
    says "$1 is to be followed by $good" "Nothing was changed."
    saw "\`suiftly deploy\` refuses without a package to go back to, and says where it belongs"
}

follows_with_a_good_one() {
    local before
    before=$(main_pid)
    deploy 0 /srv/good.deb
    says "version $good runs" "1 of 1 servers run $good"
    runs "$good"
    [ "$(main_pid)" != "$before" ] || fail "the old one goes on"
    [ -s "$root$releases/packages/suiftly_$good.deb" ] || fail "the package is not kept"
    saw "by ssh a good version follows, is watched, and its package is kept" "$good"
}

goes_back_from_a_broken_one() {
    deploy 1 /srv/broken.deb
    says "$broken was not ready within 10 s" "the service ended (exit-code, status 1)" "going back to $good" "rolled back, $good runs there again" "not touched: none"
    runs "$good"
    saw "a version that does not start is taken back; the one before runs again, and it ends with 1" \
        "\`$(grep -o 'stopped at .*' <<<"$said" | tail -n 1)\`"
}

is_at_work() {
    inside suiftly deploy --status | grep -q '"is_at_work":true'
}

# While it works no second one begins; then the server cannot be reached for a while, and is reached again.
goes_on_without_a_connection() {
    local first
    as_deployer suiftly deploy /srv/better.deb --host localhost --watch 3 --ready-within 60 >"$root.first" 2>&1 &
    first=$!
    await is_at_work || fail "it does not begin: $(cat "$root.first")"
    deploy 1 /srv/good.deb
    says "nothing was changed anywhere" "another deployment is at work there"
    said=$(inside runuser -u suiftly-deploy -- sudo -n /usr/bin/suiftly deploy --here 2>&1) && fail "two at once"
    says "another deployment is at work on this server"
    inside systemctl stop ssh
    inside pkill -x sshd || true
    is_at_work || fail "it ended with its connection"
    deploy 1 /srv/good.deb
    says "cannot be reached by ssh"
    inside systemctl start ssh
    inside touch /run/trial-goes-on
    wait "$first" || fail "$(cat "$root.first")"
    runs "$better"
    saw "two at once: the second is refused; a server that is cut off goes on by itself, and how it ended is told after" \
        "\`$(tail -n 1 "$root.first")\`"
}

asks_before_it_migrates() {
    local has key
    has=$(dpkg-deb -f "$package" Suiftly-Schema)
    deploy 1 /srv/newer.deb
    says "refused, nothing was changed there" "from schema $has to 9999" "--migrates"
    runs "$better"
    saw "a version that would migrate the database is refused, unless \`--migrates\` is said"
    key=$(inside suiftly backup key --out /root/backup.key 2>/dev/null)
    inside cp -p /etc/suiftly/suiftly.toml /root/suiftly.toml
    inside sed -i "s/^\\[backup\\]/&\nrecipients = [\"$key\"]/" /etc/suiftly/suiftly.toml
    deploy 1 /srv/newer.deb --migrates
    says "a backup goes before" "backup: /var/lib/suiftly/backups/" "somebody must look at it" "has schema 9999 now, and $better knows $has" "suiftly restore"
    [ "$(installed_version)" = "$newer" ] || fail "it went back to a program that refuses this database"
    saw "\`--migrates\` makes a backup before; where the version then fails, it stays and says that a restore leads back" \
        "$(grep -o 'backup: .*' <<<"$said" | head -n 1)"
    # By hand, as whoever looks at it would.
    inside apt-get install -y -q --allow-downgrades /srv/good.deb >"$root.log" 2>&1 || fail "$(tail -n 20 "$root.log")"
    inside runuser -u postgres -- psql -q suiftly_test -c 'DELETE FROM schema_migrations WHERE version = 9999'
    inside mv /root/suiftly.toml /etc/suiftly/suiftly.toml
    inside systemctl restart suiftly.service
    await is_serving || fail "it does not serve"
}

# Whoever has the key is nobody but for one command with these arguments.
sudo_lets_in_one_command() {
    local count=0 words
    while read -r words; do
        # shellcheck disable=SC2086
        said=$(inside runuser -u suiftly-deploy -- sudo -n $words 2>&1 </dev/null) && fail "suiftly-deploy may run: sudo $words"
        says "a password is required"
        count=$((count + 1))
    done <<'WORDS'
/usr/bin/id
/bin/sh
-u postgres /usr/bin/psql
-u suiftly /usr/bin/suiftly backup ls
/usr/bin/suiftly
/usr/bin/suiftly deploy
/usr/bin/suiftly deploy --here --work
/usr/bin/suiftly deploy --here --root=/tmp
/usr/bin/suiftly deploy --here --config=/tmp/x
/usr/bin/suiftly deploy --status
/usr/bin/suiftly provision --yes
/usr/bin/dpkg -i incoming.deb
WORDS
    saw "what else the account of deployments may run by sudo, of so many tried" "0 of $count"
}
