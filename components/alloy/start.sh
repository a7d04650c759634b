# Runs in Alloy's container before every start of Alloy, also after a crash. Alloy remembers what it has read, not what has
# arrived: started again while Loki is away, it would go on behind lines that nobody has. Here it is put back a little. What is
# sent a second time has its old timestamp, and Loki shows it once. docs/loss-contract.md has the figures.
# Needs bash, coreutils, awk and gzip, which Alloy's image has. Whatever fails here, Alloy starts.

storage=/var/lib/alloy
logs=/var/log/pods
replay=$storage/replay
positions=$storage/loki.source.file.pods/positions.yml
wal=$storage/loki.write.gateway/wal
marker=$wal/remote/segment_marker

# As far back as a line may reach that was being put together when Alloy ended, and what was in its pipeline.
rewind=$((1024 * 1024))
# Alloy notes a position every 10 s and writes them down every 10 s.
lag=25

say() { printf 'ts=%s level=info component=start msg="%s"\n' "$(date -u +%FT%TZ)" "$1" >&2; }

# The last segment of the buffer that Alloy takes for delivered.
marked() {
	local hex
	hex=$(od -An -tx1 -j2 -N8 "$marker" 2>/dev/null | tr -d ' \n')
	if [ ${#hex} = 16 ]; then echo $((16#$hex)); else echo -2; fi
}

# Removes what has surely arrived. The mark runs ahead of the truth by what Alloy has in memory, which is less than a segment,
# and by the segment that is still written to (grafana/alloy#7065, #7112).
remove_delivered() {
	local keep segment
	keep=$(($(marked) - 1))
	for segment in "$wal"/[0-9]*; do
		[ -e "$segment" ] && [ $((10#${segment##*/})) -lt $keep ] && rm -f "$segment"
	done
}

# Removes the oldest, delivered or not, when the buffer is larger than the node can spare.
keep_within_limit() {
	local oldest
	while [ "$(du -sk "$wal" 2>/dev/null | cut -f1)" -gt $((LOGGING_BUFFER_MIB * 1024)) ] 2>/dev/null; do
		oldest=$(ls "$wal" | grep -E '^[0-9]+$' | sort | head -n 1)
		[ "$oldest" = "$(ls "$wal" | grep -E '^[0-9]+$' | sort | tail -n 1)" ] && break
		rm -f "$wal/$oldest" || break
		say "LOST: the buffer is larger than $LOGGING_BUFFER_MIB MiB, removed its oldest segment $oldest"
	done
}

# The mark before all segments, with its checksum: Alloy begins with the oldest one that is left. Without a mark it would begin
# with the newest.
rewind_buffer() {
	remove_delivered
	[ -d "$wal/remote" ] && printf '01\xff\xff\xff\xff\xff\xff\xff\xfe\x81\x52\x0e\x3c' >"$marker"
}

# How much of a file has been read at this position, less the rewind: to the beginning of a whole line, not into its parts.
rewound() {
	local file=$1 position=$2 from skip
	from=$((position - rewind))
	[ $from -le 0 ] && echo 0 && return
	skip=$(tail -c +$((from + 1)) "$file" | head -c $rewind | LC_ALL=C awk '
		NR > 2 && whole { print sent; exit }
		{ sent += length($0) + 1; whole = $3 == "F" }')
	echo $((from + ${skip:-0}))
}

# Whether a container's file is another one than when its position was noted: then the position says nothing about it.
rotated() {
	local first
	first=$(head -c 35 "$1" | head -n 1 | cut -d' ' -f1)
	[ -z "$first" ] || [ "$(date -d "$first" +%s 2>/dev/null || echo 0)" -ge "$2" ]
}

# What was rotated away since then, put together in its order. Alloy reads it beside the current file.
copy_rotated() {
	local container=$1 since=$2 file moment
	for file in "$container"/*.log.*; do
		[ -e "$file" ] || continue
		moment=${file##*.log.}
		moment=${moment%.gz}
		moment=$(date -ud "${moment:0:4}-${moment:4:2}-${moment:6:2} ${moment:9:2}:${moment:11:2}:${moment:13:2}" +%s 2>/dev/null) || continue
		[ "$moment" -ge "$since" ] || continue
		mkdir -p "$replay${container#"$logs"}"
		zcat -f "$file" >>"$replay${container#"$logs"}/$start.log"
		say "reads again what was rotated: $file"
	done
}

# Keeps a copy long enough to be read whole: Alloy may end again before it has.
remove_copies() {
	find "$replay" -type f -mmin +10 -delete 2>/dev/null
	find "$replay" -mindepth 1 -depth -type d -empty -delete 2>/dev/null
}

rewind_positions() {
	local since file position
	[ -s "$positions" ] || return
	start=$(date +%s)
	since=$(($(stat -c %Y "$positions") - lag))
	declare -A read
	while IFS=$'\t' read -r file position; do read[$file]=$position; done < <(awk '
		/path: / { path = $NF }
		/: "[0-9]+"$/ { gsub(/[^0-9]/, "", $NF); print path "\t" $NF }' "$positions")
	{
		echo "positions:"
		for file in "$logs"/*/*/*.log; do
			[ -e "$file" ] || continue
			position=${read[$file]:-0}
			if rotated "$file" "$since"; then
				copy_rotated "${file%/*}" "$since"
				position=0
			elif [ "$position" -gt 0 ]; then
				position=$(rewound "$file" "$position")
			fi
			[ "$position" -gt 0 ] && printf "  ? path: %s\n    labels: '{}'\n  : \"%s\"\n" "$file" "$position"
		done
	} >"$positions.new"
	mv "$positions.new" "$positions"
	say "rewound the positions of ${#read[@]} files"
}

rewind_buffer
rewind_positions
while sleep 30; do
	remove_copies
	remove_delivered
	keep_within_limit
done &
exec /bin/alloy "$@"
