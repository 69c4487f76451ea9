#!/usr/bin/env bash
# Load: how much the service can, then 70 % of that for MINUTES, then three times as much, then 70 % again.
# Locust is installed into an environment of its own. Figures of each part go to FOLDER.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python} minutes=${MINUTES:-30} folder=$(mkdir -p "${1:-load-figures}" && cd "${1:-load-figures}" && pwd)
locust=$folder/venv/bin/locust
[ -x "$locust" ] || { python3 -m venv "$folder/venv"; "$folder/venv/bin/pip" install --quiet "locust>=2.40"; }
port=$("$python" -c 'from tests.acceptance.workers import free_port; print(free_port())')
rm -f "$folder"/store.db*
# With the heaps that the image and the systemd unit give it.
MALLOC_ARENA_MAX=2 TACTLINE_DATABASE_URL=sqlite:///$folder/store.db "$python" -m tests.load.service "$port" "$folder/given.json" 2> "$folder/service.log" &
service=$!
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
until curl -sf "http://127.0.0.1:$port/readyz" > /dev/null; do kill -0 $service; sleep 1; done

memory() { awk '/^VmRSS/ {print $2 / 1024}' "/proc/$service/status"; }
part() { # NAME USERS SECONDS, the rest by environment
  TACTLINE_LOAD=$folder/given.json TACTLINE_USERS=$2 "$locust" -f tests/load/locustfile.py --headless \
    --host "http://127.0.0.1:$port" -u "$2" -r "$2" -t "${3}s" --csv "$folder/$1" --csv-full-history \
    --only-summary --exit-code-on-error 0 > "$folder/$1.log" 2>&1
  echo "$1: $(memory) MiB afterwards"
}
rate() { "$python" -c "import csv,sys; print(next(r for r in csv.DictReader(open('$folder/capacity_stats.csv')) if r['Name'] == 'Aggregated')['Requests/s'])"; }

while sleep 60; do memory; done > "$folder/memory.txt" 2> /dev/null &

part warm 8 120  # until what is remembered of mails has its full size
part capacity 8 60
capacity=$(rate)
echo "capacity: $capacity requests a second"
TACTLINE_RATE=$("$python" -c "print(0.7 * $capacity)") part steady 16 $((60 * minutes))
TACTLINE_OVERLOAD=1 TACTLINE_RATE=$("$python" -c "print(3 * $capacity)") part overload 400 60
TACTLINE_RATE=$("$python" -c "print(0.7 * $capacity)") part recovered 16 60
"$python" -m tests.load.summary "$folder"
