# shellcheck shell=bash
# Starts Alloy, on every start of its container, even after a crash. Alloy saves what it has read, not what has arrived. If it restarted
# while Loki is down, it would skip lines that never arrived. So this script records what has arrived while Alloy runs, and the next start
# goes back to that point. A line that is sent again keeps its timestamp, and Loki shows it once. The figures are in docs/loss-contract.md.
# Needs bash, coreutils, findutils, awk and gzip, which Alloy's image has. If anything here fails, Alloy still starts.
# Nothing is read until Alloy is up, and files keep rotating. A busy node may leave this script a tenth of a CPU, so it spawns few processes
# per file.

storage=/var/lib/alloy
logs=/var/log/pods
# Alloy's files: its position in each log file, and the buffer of lines that Loki has not accepted yet.
positions=$storage/loki.source.file.pods/positions.yml
wal=$storage/loki.write.gateway/wal
# `reading`: how far each file had been read a moment ago. While Alloy runs, three more of these exist: now, one round ago and two rounds
# ago. `delivered`: the same at a moment before which everything has arrived. `seen`: all files since that moment.
reading=$storage/reading
delivered=$storage/delivered
seen=$storage/seen
# This process becomes Alloy. Not $$, because Kubernetes turns two dollars in a container's command into one.
alloy=$BASHPID
# Copies of rotated files, which Alloy reads beside the current files.
replay=$storage/replay

# How much of a file Alloy holds in memory, unless it has reached the end.
ahead=4096
# A longer line that Alloy was joining when it ended is sent as two.
longest=$((1024 * 1024))

say() {
	local -x TZ=UTC
	printf 'ts=%(%FT%TZ)T level=info component=start msg="%s"\n' -1 "$1" >&2
}

# Both are inserted into this text, because the container has no other files of ours.
source arrived.sh
source rewind.sh
rewind
rm -f "$reading.before" "$reading.older" "$delivered.new" "$seen.new"
while sleep 3; do
	note_reading
	copy_ends
	copy_skipped && note_delivered
	# Costs more than the rest of the loop, and does not have to run every round.
	[ $((round++ % 5)) = 0 ] && tidy
done &
exec /bin/alloy "$@"
