#!/usr/bin/env bash
# Runs a deployment so that it ends properly when its pipeline is cancelled.
#
#   with-grace.sh run COMMAND...   runs COMMAND, and exits with its status
#   with-grace.sh wait [SECONDS]   the job's last step, which also runs after a cancel: waits until COMMAND has ended
#
# GitHub and Azure Pipelines send a cancelled step's shell SIGINT, 7.5 s later SIGTERM, and 2.5 s later kill its whole process tree. Helm
# needs more than ten seconds, and a killed release stays pending. So COMMAND runs in its own session, gets one SIGINT (a second one would
# make Pulumi stop at once), and ends in its own time. npm sends a signal only to the shell that runs a script, which keeps it to itself.
# A script that has to receive it therefore uses `exec` in package.json.
set -euo pipefail

state=${GRACE_DIR:-${RUNNER_TEMP:-${AGENT_TEMPDIRECTORY:-/tmp}}/deployment}

finish() {
  local status
  [ -e "$state/status" ] || { echo 'the deployment was killed; see docs/troubleshooting.md, Recover a stuck release'; exit 1; }
  status=$(cat "$state/status")
  echo "ended with $status"
  exit "$status"
}

# Sends the signal once, however often it is called.
stop() {
  [ ! -e "$state/cancelled" ] || return 0
  echo 'cancelled: the deployment was asked to end, and finishes its current step' | tee "$state/cancelled"
  until [ -s "$state/pid" ]; do sleep 0.1; done
  kill -INT "$(cat "$state/pid")" 2>/dev/null || true
}

run() {
  rm -rf "$state"
  mkdir -p "$state"
  : >"$state/log"
  trap stop INT TERM HUP
  # Without the tracking id the runner does not kill it at the end of the job. Without job control (`set -m`) a command in the background
  # ignores SIGINT.
  # shellcheck disable=SC2016 # the inner shell expands it
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

# Shows the log until the command has ended. A trap can interrupt `wait`, but not `sleep`.
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
  # The step is over but the command is not: the job was cancelled, and the step's shell, or Azure's task, kept the signal to itself.
  if running; then stop; fi
  while running && [ "$SECONDS" -lt "$limit" ]; do sleep 0.5; done
  if running; then
    echo "still running after $limit s; see docs/troubleshooting.md, Recover a stuck release"
    exit 1
  fi
  # A run that was not cancelled has shown its log and its status already.
  [ -e "$state/cancelled" ] || exit 0
  cat "$state/log"
  finish
}

case "${1:-}" in
  run) shift && run "$@" ;;
  wait) shift && wait_for_end "$@" ;;
  *) sed -n '2,5p' "$0" >&2 && exit 2 ;;
esac
