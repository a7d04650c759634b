#!/usr/bin/env bash
# Runs a deployment so that a cancelled pipeline ends it properly.
#
#   with-grace.sh run COMMAND...   runs it and ends as it ends
#   with-grace.sh wait [SECONDS]   the last step, also of a cancelled job: stays until it has ended
#
# A cancelled step's shell gets SIGINT, 7.5 s later SIGTERM, and 2.5 s later its whole process tree is killed (GitHub and Azure
# Pipelines alike). Helm does not end in ten seconds, and a killed release stays pending. So the command runs in a session of its own,
# is sent SIGINT once (a second one would make Pulumi stop at once), and ends in its own time. npm hands a signal to the shell that it
# runs a script with, which keeps it to itself: what is to hear of it says `exec` in package.json.
set -euo pipefail

state=${GRACE_DIR:-${RUNNER_TEMP:-${AGENT_TEMPDIRECTORY:-/tmp}}/deployment}

finish() {
  local status
  [ -e "$state/status" ] || { echo 'the deployment was killed; see docs/troubleshooting.md, Recover a stuck release'; exit 1; }
  status=$(cat "$state/status")
  echo "ended with $status"
  exit "$status"
}

# Once, whoever asks.
stop() {
  [ ! -e "$state/cancelled" ] || return 0
  echo 'cancelled: the deployment is asked to end, and may finish what it is at' | tee "$state/cancelled"
  until [ -s "$state/pid" ]; do sleep 0.1; done
  kill -INT "$(cat "$state/pid")" 2>/dev/null || true
}

run() {
  rm -rf "$state"
  mkdir -p "$state"
  : >"$state/log"
  trap stop INT TERM HUP
  # Without the tracking id the runner does not find it at the job's end either. `set -m`: without job control, a background command
  # is started deaf to SIGINT.
  RUNNER_TRACKING_ID='' setsid --fork bash -c '
    set -m
    state=$0
    echo $$ >"$state/session"
    "$@" >"$state/log" 2>&1 </dev/null &
    echo $! >"$state/pid"
    wait $! && status=0 || status=$?
    echo "$status" >"$state/status.new" && mv "$state/status.new" "$state/status"' "$state" "$@"
  until [ -s "$state/pid" ]; do sleep 0.1; done
  follow
  finish
}

running() { [ ! -e "$state/status" ] && kill -0 "$(cat "$state/session")" 2>/dev/null; }

# Shows the log until the command has ended. `wait` is what a trap can interrupt.
follow() {
  tail -n +1 -f "$state/log" &
  local tail=$!
  while running; do
    sleep 0.5 &
    wait $! || true
  done
  sleep 0.5
  kill "$tail" 2>/dev/null || true
}

wait_for_end() {
  local limit=${1:-280}
  [ -s "$state/pid" ] || exit 0
  # Its step is over, so it was cancelled; and the step's shell, or what Azure's task has around it, kept the signal to itself.
  if running; then stop; fi
  while running && [ "$SECONDS" -lt "$limit" ]; do sleep 0.5; done
  if running; then
    echo "still running after $limit s; see docs/troubleshooting.md, Recover a stuck release"
    exit 1
  fi
  # An uncancelled run has shown its log and its status already.
  [ -e "$state/cancelled" ] || exit 0
  cat "$state/log"
  finish
}

case "${1:-}" in
  run) shift && run "$@" ;;
  wait) shift && wait_for_end "$@" ;;
  *) sed -n '2,5p' "$0" >&2 && exit 2 ;;
esac
