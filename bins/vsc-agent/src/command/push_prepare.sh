# What is at the other desk, and a folder for a visit: prints system, processor, and either
# `installed` or the folder. What earlier visits left, because the machine went down, goes first.
set -u
umask 077
uname -s
uname -m
if vsc-agent status --json 2>/dev/null | grep -q '"role":"customer"'; then
    echo installed
    exit 0
fi
base=${XDG_RUNTIME_DIR:-}
if [ -z "$base" ] || [ ! -w "$base" ]; then
    base=${TMPDIR:-/tmp}/vsc-agent-of-$(id -u)
    mkdir -m 700 "$base" 2>/dev/null
fi
[ -d "$base" ] && [ -O "$base" ] && [ ! -L "$base" ] || { echo "$base is not ours" >&2; exit 77; }
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
for old in "$base"/vsc-push.*; do
    [ -d "$old" ] || continue
    pid=$(cat "$old/pid" 2>/dev/null)
    if [ -z "$pid" ]; then
        # Being prepared by somebody else, unless that was long ago.
        [ -n "$(find "$old" -maxdepth 0 -mmin +10)" ] && rm -rf "$old"
    elif [ "$(cat "$old/boot" 2>/dev/null)" != "$boot" ] || ! kill -0 "$pid" 2>/dev/null; then
        rm -rf "$old"
    fi
done
mktemp -d "$base/vsc-push.XXXXXXXX"
