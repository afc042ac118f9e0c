# For trial.sh: what is tried, in its order. Each step leaves the machine as the next one needs it.
# shellcheck shell=bash

units="suiftly.service suiftly.socket suiftly-udp.socket suiftly-edge.service"
# Of a cluster; the package enables none of them.
cluster_units="suiftly-ingest.service suiftly-ingest.socket suiftly-ingest-udp.socket suiftly-dataflow@0.service suiftly-api.service"
lines=0
# What the server's unit has besides while it is tried.
drop_in_dir=/run/systemd/system/suiftly.service.d

lint() {
    wait "$linting" || fail "lintian: $(cat "$root.lint")"
    saw "lintian finds no error and no warning" "$(lintian --version)"
}

make_root() {
    lintian --allow-root --tag-display-limit 0 --fail-on error,warning "$package" >"$root.lint" 2>&1 &
    linting=$!
    echo "making a bare Debian ($suite)"
    debootstrap --variant=minbase --include=systemd-sysv,dbus,ca-certificates,curl,openssl,sudo \
        "$suite" "$root" "$mirror" >"$root.log" 2>&1 || fail "debootstrap: $(tail -n 20 "$root.log")"
    # The machine's own settings for its packages, such as a proxy.
    cp -rL /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
    [ ! -e /etc/apt/apt.conf ] || cp /etc/apt/apt.conf "$root/etc/apt/apt.conf"
    # Nothing that is installed now starts by itself.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    cp "$package" "$root/root/suiftly.deb"
    cp "$next" "$root/root/next.deb"
}

install_package() {
    echo "installing $(basename "$package")"
    in_root apt-get update -q >/dev/null
    in_root apt-get install -y -q --no-install-recommends /root/suiftly.deb >"$root.log" 2>&1 || fail "$(tail -n 20 "$root.log")"
    saw "it installs with nothing but what it depends on" "$(in_root suiftly --version)"
    grep -q 'suiftly provision' "$root.log" || fail "it does not say how a server is made"
    local missing
    missing=$(in_root ldd /usr/bin/suiftly | grep 'not found' || true)
    [ -z "$missing" ] || fail "not found: $missing"
    in_root apt-get install -y -q --no-install-recommends \
        postgresql haproxy nginx openssh-server openssh-client >"$root.log" 2>&1 || fail "$(tail -n 20 "$root.log")"
    local page
    for page in suiftly suiftly-serve suiftly-provision suiftly-journal-verify; do
        zcat "$root/usr/share/man/man1/$page.1.gz" | grep -q '^\.TH' || fail "no man page $page"
    done
    saw "man pages" "$(find "$root/usr/share/man/man1" -name 'suiftly*' | wc -l)"
    in_root bash -c '. /usr/share/bash-completion/completions/suiftly && complete -p suiftly' >/dev/null || fail "no completion"
    for page in zsh/vendor-completions/_suiftly fish/vendor_completions.d/suiftly.fish suiftly/web/index.html \
        doc/suiftly/copyright doc/suiftly/changelog.gz doc/suiftly/examples/suiftly.toml; do
        [ -s "$root/usr/share/$page" ] || fail "not in the package: $page"
    done
    saw "completions, dashboard, examples, change log"
}

refuses_without_a_type() {
    local said
    said=$(in_root setpriv --reuid suiftly --regid suiftly --clear-groups suiftly serve 2>&1) && fail "it serves though it is not said what it is"
    case $said in
    *"there is no /etc/suiftly/system.conf"*"suiftly provision"*) ;;
    *) fail "without system.conf it says: $said" ;;
    esac
    saw "\`suiftly serve\` refuses before it is said what the server is" "${said##*suiftly: }"
}

units_hold() {
    local unit said exposed
    # shellcheck disable=SC2086
    said=$(in_root systemd-analyze verify --man=no $units $cluster_units 2>&1) || fail "systemd-analyze verify: $said"
    [ -z "$said" ] || fail "systemd-analyze verify: $said"
    saw "systemd-analyze verify finds nothing amiss, in so many units" "$(wc -w <<<"$units $cluster_units")"
    for unit in suiftly.service suiftly-edge.service suiftly-ingest.service suiftly-dataflow@0.service suiftly-api.service; do
        said=$(in_root systemd-analyze security --offline=true --threshold=20 --no-pager "$unit") || fail "$said"
        exposed=$(printf '%s\n' "$said" | sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p')
        saw "systemd-analyze security of $unit, where 10 is the worst" "$exposed"
    done
}

# What it says of a machine that is bare, made, broken and repaired, in a copy with a network of its own.
provisions_beside() {
    cp -a "$root" "$work/copy"
    rm "$work/copy/usr/sbin/policy-rc.d"
    cp "$here/provision-trial.sh" "$work/copy/root/"
    systemd-nspawn -q -D "$work/copy" --register=no --keep-unit --pipe --private-network \
        -E PATH=/usr/sbin:/usr/bin:/sbin:/bin -E LC_ALL=C.UTF-8 -E DEBIAN_FRONTEND=noninteractive \
        sh /root/provision-trial.sh >"$work/beside" 2>&1 </dev/null &
    beside=$!
}

provisioned_beside() {
    wait "$beside" || { beside=; fail "provision: $(cat "$work/beside")"; }
    beside=
    saw "\`suiftly provision\` beside it: a bare machine becomes a server, a second run changes nothing; broken and repaired" \
        "$(grep -c '^repaired:' "$work/beside") ways"
}

provisioned() {
    # From here on what is enabled starts.
    rm "$root/usr/sbin/policy-rc.d"
    inside systemctl start postgresql nginx
    inside suiftly provision --deployment-type test --yes --no-apt >"$root.log" 2>&1 || fail "provision: $(cat "$root.log")"
    inside suiftly provision --deployment-type test --yes --no-apt >"$root.again" 2>&1 || fail "provision again: $(cat "$root.again")"
    grep -q 'nothing to do' "$root.again" || fail "the second provision changes something: $(cat "$root.again")"
    saw "\`suiftly provision\` makes a server of it, under its systemd; a second time there is nothing to do" \
        "$(grep -c '^✓' "$root.again") steps"
    local enabled
    # It counts as a failure to find none.
    enabled=$(inside systemctl list-unit-files --no-legend --state=enabled 'suiftly-ingest*' 'suiftly-dataflow*' 'suiftly-api*' || true)
    [ -z "$enabled" ] || fail "units of a cluster are enabled: $enabled"
    await is_serving || fail "it does not serve"
    saw "systemd is told that it serves (Type=notify)" "$(inside systemctl show -p StatusText --value suiftly.service)"
}

# nginx with a certificate of its own, where certbot would put one.
behind_nginx() {
    local live=/etc/letsencrypt/live/example.com said
    inside mkdir -p "$live"
    inside openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=example.com -keyout "$live/privkey.pem" -out "$live/fullchain.pem" 2>/dev/null
    inside cp /usr/share/doc/suiftly/examples/nginx/suiftly.conf /etc/nginx/sites-enabled/suiftly.conf
    inside nginx -t >"$root.log" 2>&1 || fail "nginx -t: $(cat "$root.log")"
    inside systemctl reload nginx
    await inside curl -skf --resolve example.com:443:127.0.0.1 https://example.com/ready -o /dev/null || fail "nothing behind nginx"
    said=$(inside curl -sk --resolve example.com:443:127.0.0.1 -D - https://example.com/ -o /dev/null)
    [ "$(grep -ci '^strict-transport-security:' <<<"$said")" = 1 ] || fail "HSTS is not said once: $said"
    grep -qi '^content-security-policy:' <<<"$said" || fail "no content security policy: $said"
    said=$(inside curl -sk --resolve example.com:443:127.0.0.1 https://example.com/metrics -o /dev/null -w '%{http_code}')
    [ "$said" = 404 ] || fail "the world sees the metrics: $said"
    # Workers of before the reload take a last request or two.
    await is_moved || fail "plain HTTP is answered"
    saw "nginx takes its example, and serves the dashboard by TLS" "$(inside nginx -v 2>&1)"
}

is_moved() {
    [ "$(inside curl -s -H 'Host: example.com' http://127.0.0.1/x -o /dev/null -w '%{http_code}')" = 301 ]
}

# send URL LINES RATE
send() {
    inside suiftly simulate --to "$1" --lines "$2" --rate "$3" --seed "$RANDOM"
}

takes_lines() {
    send udp://127.0.0.1:5514 5000 5000 2>/dev/null
    send tcp://127.0.0.1:5514 5000 5000 2>/dev/null
    lines=10000
    await has_received "$lines" || fail "of $lines lines it has $(received)"
    saw "lines by UDP and by TCP, all counted" "$lines"
}

# The sockets stay with systemd: what comes while nobody reads waits.
survives_a_kill() {
    inside kill -9 "$(main_pid)"
    send udp://127.0.0.1:5514 5000 20000 2>/dev/null
    send tcp://127.0.0.1:5514 2000 20000 2>/dev/null
    lines=$((lines + 7000))
    await has_received "$lines" || fail "of $lines lines it has $(received)"
    [ "$(inside systemctl show -p NRestarts --value suiftly.service)" = 1 ] || fail "it was not started again once"
    saw "kill -9: lines sent before it was there again, lost" 0
}

# Adds to the server's unit what stands on standard input, until no_drop_in.
drop_in() {
    inside mkdir -p "$drop_in_dir"
    { echo '[Service]' && cat; } | inside tee "$drop_in_dir/trial.conf" >/dev/null
    inside systemctl daemon-reload
}

no_drop_in() {
    inside rm -r "$drop_in_dir"
    inside systemctl daemon-reload
}

# What it says is in journald with its fields.
logs_fields() {
    local fields
    fields=$(inside journalctl --unit suiftly.service --output verbose --no-pager | sed -n 's/^ *\(SUIFTLY_[A-Z_]*\)=.*/\1/p' | sort -u | tr '\n' ' ')
    [ -n "$fields" ] || fail "journald has none of the fields of what the server says"
    saw "fields of what the server says, in journald" "$fields"
}

# A process that hangs is ended and started anew.
is_watched() {
    drop_in <<<WatchdogSec=5
    start_anew
    # Longer than the watchdog's time: fed, it does not bite.
    sleep 8
    [ "$(inside systemctl show -p NRestarts --value suiftly.service)" = 0 ] || fail "the watchdog bites a process that is well"
    inside kill -STOP "$(main_pid)"
    has_restarted() { [ "$(inside systemctl show -p NRestarts --value suiftly.service)" = 1 ]; }
    await has_restarted || fail "nobody misses a process that hangs"
    no_drop_in
    start_anew
    saw "a process that hangs is ended by the watchdog and started anew; one that is well is not"
}

# Starts sending, until it is told to end: send_on URL RATE
send_on() {
    inside suiftly simulate --to "$1" --rate "$2" --seed "$RANDOM" 2>"$root.sent" &
    sender=$!
}

# Ends it. How many lines it sent is in `sent`, and in `failed` how many of them it knows to have failed.
end_sending() {
    inside pkill -INT -f '^suiftly simulate'
    wait "$sender"
    sent=$(sed -n 's/^\([0-9]*\) lines sent$/\1/p' "$root.sent")
    failed=$(sed -n 's/^\([0-9]*\) of them in writes that failed.*/\1/p' "$root.sent")
    failed=${failed:-0}
}

# The socket of UDP is systemd's, and goes on receiving.
upgrades_under_load() {
    local before
    before=$(main_pid)
    send_on udp://127.0.0.1:5514 4000
    await more_than "$((lines + 8000))" || fail "no load"
    inside apt-get install -y -q /root/next.deb >"$root.log" 2>&1 || fail "$(tail -n 20 "$root.log")"
    await is_serving || fail "it does not serve after the upgrade"
    [ "$before" != "$(main_pid)" ] || fail "the old version goes on"
    end_sending
    lines=$((lines + sent))
    await has_received "$lines" || fail "of $lines lines it has $(received)"
    saw "upgrade under 4,000 lines a second by UDP: lines sent, lost" "$sent, 0"
    saw "installed version" "$(inside dpkg-query -W -f '${Version}' suiftly)"
}

# A connection outlives the process that reads it: systemd keeps it (FileDescriptorStoreMax=) and hands it to the next one. Its
# sender goes on by the same socket, also while there is no process at all, and no line is missing or comes twice.
restarts_under_load() {
    local connection doubled kept
    doubled=$(metric suiftly_loss_duplicate_lines_total) || fail "lines that came again are not counted"
    # Between two processes: how many descriptors systemd keeps, and a second in which nobody reads.
    drop_in <<<"ExecStartPre=+/bin/sh -c 'systemctl show -p NFileDescriptorStore --value suiftly.service >>/run/trial-kept && sleep 1'"
    send_on tcp://127.0.0.1:5514 4000
    await more_than "$((lines + 8000))" || fail "no load"
    connection=$(senders_sockets) || fail "the sender has no connection"
    goes_on_over systemctl restart suiftly.service
    # What an upgrade does.
    goes_on_over dpkg -i /root/next.deb
    end_sending
    lines=$((lines + sent))
    await has_received "$lines" || fail "of $lines lines it has $(received), $failed were in writes that failed"
    [ "$failed" = 0 ] || fail "$failed lines were in writes that failed"
    doubled=$(($(metric suiftly_loss_duplicate_lines_total) - doubled))
    [ "$doubled" = 0 ] || fail "$doubled lines came twice"
    kept=$(inside cat /run/trial-kept)
    [ "$(grep -c '^[1-9]' <<<"$kept")" = 2 ] || fail "between two processes systemd kept so many descriptors: $kept"
    inside rm /run/trial-kept
    no_drop_in
    saw "one TCP connection under 4,000 lines a second, over \`systemctl restart\` and over the package installed again: lines sent, missing, twice" \
        "$sent, 0, $doubled"
    saw "descriptors that systemd kept meanwhile for the next process (FDSTORE)" "${kept//$'\n'/, }"
}

# goes_on_over COMMAND…: what it restarts takes the sender's connection over.
goes_on_over() {
    local before
    before=$(main_pid)
    inside "$@" >"$root.log" 2>&1 || fail "$*: $(tail -n 20 "$root.log")"
    await is_serving || fail "it does not serve after $*"
    [ "$before" != "$(main_pid)" ] || fail "the process before goes on after $*"
    # Or its end would not be told to who sends by it.
    [ "$(inside systemctl show -p NFileDescriptorStore --value suiftly.service)" = 0 ] || fail "systemd keeps what is read already, after $*"
    await more_than "$(($(received) + 8000))" || fail "nothing comes after $*"
    [ "$(senders_sockets)" = "$connection" ] || fail "the sender had to connect again after $*"
}

# The sender's sockets by their numbers: who connects again has another one.
senders_sockets() {
    # shellcheck disable=SC2016
    inside sh -c 'readlink /proc/"$(pgrep -f "^suiftly simulate")"/fd/* | grep "^socket:"'
}

start_anew() {
    inside systemctl restart suiftly.service
    await is_serving || fail "it does not serve again"
}

more_than() {
    [ "$(received)" -gt "$1" ]
}

# Journal and database, line by line, with nobody running.
holds_every_line() {
    inside systemctl stop suiftly.socket suiftly-udp.socket suiftly.service
    inside setpriv --reuid suiftly --regid suiftly --init-groups suiftly db check >"$root.log" 2>&1 || fail "db check: $(cat "$root.log")"
    inside systemctl start suiftly.service
    await is_serving || fail "it does not serve again"
    saw "every line of the journal is in the database once, and usage is the sum of them (\`suiftly db check\`)"
}

goes_and_comes_back() {
    inside apt-get remove -y -q suiftly >"$root.log" 2>&1 || fail "$(tail -n 20 "$root.log")"
    [ ! -e "$root/usr/bin/suiftly" ] || fail "the program stays"
    [ -d "$root/var/lib/suiftly/journal" ] && [ -e "$root/etc/suiftly/suiftly.toml" ] || fail "its data went with it"
    [ "$(inside systemctl is-active suiftly.service suiftly.socket suiftly-udp.socket | sort -u)" = inactive ] || fail "something runs on"
    inside apt-get install -y -q /root/next.deb >"$root.log" 2>&1 || fail "$(tail -n 20 "$root.log")"
    await is_serving || fail "it does not serve after it came back"
    [ "$(received)" = "$lines" ] || fail "of $lines lines it has $(received)"
    saw "removed, its data stays; installed again, it serves and has every line" "$lines"
}

purges() {
    inside apt-get purge -y -q suiftly >"$root.log" 2>&1 || fail "$(tail -n 20 "$root.log")"
    local left
    left=$(find "$root"/etc/suiftly "$root"/var/lib/suiftly* "$root"/var/backups/suiftly "$root"/usr/bin/suiftly \
        "$root"/usr/share/suiftly "$root"/etc/systemd/system/*.wants/suiftly* "$root"/etc/sudoers.d/suiftly* \
        "$root"/etc/sysctl.d/*suiftly* 2>/dev/null || true)
    [ -z "$left" ] || fail "left after the purge: $left"
    grep -q 'removed: /etc/suiftly' "$root.log" && grep -q "kept: Suiftly's databases" "$root.log" || fail "it does not say what went"
    saw "purged, configuration, secrets and data are gone, and it says so"
}

write_proof() {
    printf '# The package, tried\n\n'
    printf 'Written by `cargo xtask deb --trial` (packaging/deb/trial.sh) on %s.\n\n' "$(date --utc '+%Y-%m-%d %H:%M UTC')"
    printf 'Machine: %s, %s processors, %s GiB of memory, Linux %s. Tried on: %s.\n' \
        "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
        "$(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)" "$(uname -r)" \
        "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' "$root/etc/os-release")"
    printf 'Package: %s, %s KiB, %s, of commit %s.\n\n' "$(basename "$package")" "$(($(stat -c %s "$package") / 1024))" \
        "${SUIFTLY_TRIAL_BUILD:-of a build that is not known}" "$(git -C "$here" describe --always --dirty 2>/dev/null || echo unknown)"
    printf '| what was tried | what was seen |\n|---|---|\n'
    cat "$rows"
}
