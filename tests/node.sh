# Sourced by the run scripts: sets NODE to a Node of at least 22 ($NODE, build/node/bin/node, or
# what PATH has) and puts it first on PATH, where `#!/usr/bin/env node` finds it.
tests_dir=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
for candidate in "${NODE:-}" "$tests_dir/../build/node/bin/node" node; do
  [ -n "$candidate" ] && candidate=$(command -v "$candidate" 2>/dev/null) || continue
  if [ "$("$candidate" -p 'parseInt(process.versions.node)')" -ge 22 ]; then
    NODE=$(realpath "$candidate")
    break
  fi
done
if [ -z "${NODE:-}" ] || [ ! -x "$NODE" ]; then
  echo "the tests need Node 22 or newer: make deps" >&2
  exit 2
fi
export NODE PATH="$(dirname "$NODE"):$PATH" NO_UPDATE_NOTIFIER=1
export NODE_OPTIONS="--import=$tests_dir/peers/loopback_only.mjs"
