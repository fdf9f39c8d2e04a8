# Runs at the other desk for as long as the representative's `vsc-agent push` holds the connection.
# $1: the folder that was made for this, the rest: arguments of `vsc-agent customer`.
set -u
umask 077
folder=$1
shift
cd "$folder" || exit 73
cat /proc/sys/kernel/random/boot_id > boot 2>/dev/null
echo $$ > pid
agent=
watcher=
leave() {
    trap - EXIT HUP INT TERM
    [ -n "$watcher" ] && kill "$watcher" 2>/dev/null
    [ -n "$agent" ] && kill "$agent" 2>/dev/null && wait "$agent" 2>/dev/null
    cd /
    rm -rf "$folder"
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
IFS= read -r code || exit 69
exec 3<&0
./vsc-agent customer --once --control "$folder/customer.sock" --ready-file "$folder/ready" "$@" \
    < /dev/null > log 2>&1 &
agent=$!
while [ ! -e ready ]; do
    kill -0 "$agent" 2>/dev/null || { cat log >&2; exit 69; }
    sleep 0.1
done
# Whoever holds the other end of the connection is gone when this ends.
me=$$
(cat <&3 > /dev/null; kill -TERM "$me") &
watcher=$!
printf '%s\n' "$code" | ./vsc-agent pair - --control "$folder/customer.sock" > /dev/null || exit 69
wait "$agent"
