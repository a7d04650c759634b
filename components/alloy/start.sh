# shellcheck shell=bash
# Starts Alloy, on every start of its container, also after a crash. Alloy remembers what it has read, not what has arrived: started
# again while Loki is away, it would go on behind lines that nobody has. So what has arrived is noted here while it runs, and the
# next start goes back to it. What is sent a second time keeps its old timestamp, and Loki shows it once. docs/loss-contract.md has
# the figures. Needs bash, coreutils, findutils, awk and gzip, which Alloy's image has. Whatever fails here, Alloy starts. Until it does,
# nothing is read and files are rotated away, on a busy node with a tenth of a processor: so the start has few processes for each file.

storage=/var/lib/alloy
logs=/var/log/pods
# Alloy's own: where it goes on in each file, and what Loki has not taken yet.
positions=$storage/loki.source.file.pods/positions.yml
wal=$storage/loki.write.gateway/wal
# How far each file had been read a moment ago (while Alloy runs there are three more of these: of now, of a round and of two rounds
# ago); the same of a moment before which everything has arrived; all files since then.
reading=$storage/reading
delivered=$storage/delivered
seen=$storage/seen
# Alloy will be this process. Two dollars in a row would be one, in a container's command.
alloy=$BASHPID
# What was rotated away, for Alloy to read beside the current files.
replay=$storage/replay

# What Alloy has in memory of a file that it reads, unless it is at its end.
ahead=4096
# A line that is longer than this and was being put together when Alloy ended is sent as two.
longest=$((1024 * 1024))

say() {
	local -x TZ=UTC
	printf 'ts=%(%FT%TZ)T level=info component=start msg="%s"\n' -1 "$1" >&2
}

# Both become a part of this text: a container has no other files of ours.
source arrived.sh
source rewind.sh
rewind
rm -f "$reading.before" "$reading.older" "$delivered.new" "$seen.new"
while sleep 3; do
	note_reading
	copy_ends
	copy_skipped && note_delivered
	# Most of what the loop costs, for what has minutes.
	[ $((round++ % 5)) = 0 ] && tidy
done &
exec /bin/alloy "$@"
