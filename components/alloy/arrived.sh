# shellcheck shell=bash disable=SC2015,SC2154 # start.sh sets the variables; each A && B || C is intended
# While Alloy runs: records what it has read, and how much of that has arrived. Part of start.sh.

# Prints the lines that left the buffer so far, the lines sent or dropped, how often the buffer was read to its end, and the segment
# that is being read. Alloy writes two records for each line.
counts() {
	(
		exec 3<>/dev/tcp/127.0.0.1/12345 || exit
		printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
		awk '/^loki_write_wal_watcher_records_read_total/ { out += $NF / 2 }
			/^loki_write_(sent|dropped)_entries_total/ { sent += $NF }
			/^loki_write_wal_watcher_segment_read_total/ { reads += $NF }
			/^loki_write_wal_watcher_current_segment/ { segment = $NF }
			END { printf "%.0f %.0f %.0f %.0f\n", out, sent, reads, segment }' <&3
	) 2>/dev/null
}

# Lists all log files as not open. A rotated file has its final name.
files() { printf -- '-\t%s\n' "$logs"/*/*/*.log "$logs"/*/*/*.log.* | sed 's/\.gz$//; /\.tmp$/d; /\*/d'; }

# Records all log files, and how far Alloy has read the open ones. The kernel's offset belongs to the file itself, whatever its name is by
# now. Alloy's positions are stored by name and lag behind: after a rotation they are those of the old file. Names are listed first, so
# that a file that rotates in between counts as new and not as read. If none of a container's files is open any more, its entry is
# kept: Alloy may be shutting down, so later rotations count as unread.
note_reading() {
	[ -e "$reading.before" ] && mv "$reading.before" "$reading.older"
	mv "$reading.new" "$reading.before"
	mapfile names < <(files)
	{
		printf %s "${names[@]}"
		open_files
	} | awk -F '\t' '
		{ container = $2; sub(/\.log\.[^\/]*$/, ".log", container) }
		!now { before[container] = before[container] $0 "\n"; if ($1 != "-") was_open[container] = 1; next }
		{ rows[container] = rows[container] $0 "\n"; if ($1 != "-") is_open[container] = 1 }
		END { for (c in rows) printf "%s", is_open[c] || !was_open[c] ? rows[c] : before[c] }
	' now=0 "$reading.before" now=1 - >"$reading.new"
	add_to_list "$seen"
	add_to_list "$seen.new"
}

# How far Alloy has read its open files: the whole file if it has reached the end, otherwise less the part it has read ahead.
open_files() {
	{
		find -L "/proc/$alloy/fd" -type f -printf '%f %s\n'
		find "/proc/$alloy/fd" \( -lname "$logs/*" -o -lname "$replay/*" \) -printf '%f %l\n'
	} 2>/dev/null | awk -v fdinfo="/proc/$alloy/fdinfo/" -v ahead="$ahead" '
		$2 !~ /^\// { size[$1] = $2; next }
		{
			at = -1
			while ((getline line < (fdinfo $1)) > 0) if (line ~ /^pos:/) { split(line, field); at = field[2] }
			close(fdinfo $1)
			if (at < 0) next
			if (at < size[$1]) at = at > ahead ? at - ahead : 0
			sub(/^[^ ]+ /, "")
			sub(/ \(deleted\)$/, "")
			print at "\t" $0
		}'
}

# Adds all current files to a list. The list is complete whenever this script is interrupted.
add_to_list() {
	[ -e "$1" ] || return
	{ printf %s "${names[@]}" && cat "$reading.new"; } | cut -f2 | sort -u - "$1" >"$1.tmp" && mv "$1.tmp" "$1"
}

# The newest segment of the buffer.
last_segment() {
	local newest
	newest=$(printf '%s\n' "$wal"/[0-9]* | tail -n 1)
	newest=${newest##*/}
	case $newest in *[!0-9]*) echo 0 ;; *) echo $((10#$newest)) ;; esac
}

# Works in three steps, so that everything that had been read is counted. It takes the offsets of one round ago: their lines are now in
# the buffer. Once the buffer has been read to its end, it counts the lines that left it; after an outage that takes a while. When that
# many lines are sent or dropped, it keeps the offsets as delivered.
step=0
note_delivered() {
	local out sent reads segment
	# One round ago, files were still being opened.
	[ $((noted_rounds++)) -gt 0 ] || return
	cp -p "$reading.before" "$reading.part" && mv "$reading.part" "$reading"
	read -r out sent reads segment < <(counts)
	[ "${out:-0}" -gt 0 ] && [ -s "$reading" ] || return
	case $step in
	1) [ "$segment" -ge "$last" ] && [ "$reads" -ge $((reads_before + 2)) ] && wanted=$out step=2 ;;
	2) [ "$sent" -ge "$wanted" ] && mv "$delivered.new" "$delivered" && mv "$seen.new" "$seen" && step=0 ;;
	esac
	if [ $step = 0 ]; then
		cut -f2 "$reading" >"$seen.new"
		add_to_list "$seen.new"
		last=$(last_segment) reads_before=$reads
		cp -p "$reading" "$delivered.new" && step=1
	fi
}

# The last segment of the buffer that Alloy considers delivered.
marked() {
	local hex
	hex=$(od -An -tx1 -j2 -N8 "$wal/remote/segment_marker" 2>/dev/null | tr -d ' \n')
	if [ ${#hex} = 16 ]; then echo $((16#$hex)); else echo -2; fi
}

# The marker runs ahead by the lines in Alloy's memory, which are less than a segment, and by the segment that is being written
# (grafana/alloy#7065, #7112).
remove_delivered() {
	local keep segment
	keep=$(($(marked) - 1))
	for segment in "$wal"/[0-9]*; do
		[ -e "$segment" ] && [ $((10#${segment##*/})) -lt $keep ] && rm -f "$segment"
	done
}

# Removes the oldest segments, delivered or not, while the buffer is above its limit.
keep_within_limit() {
	local segments
	while [ "$(du -sk "$wal" 2>/dev/null | cut -f1)" -gt $((LOGGING_BUFFER_MIB * 1024)) ] 2>/dev/null; do
		segments=("$wal"/[0-9]*)
		[ ${#segments[@]} -gt 1 ] && rm -f "${segments[0]}" || break
		say "LOST: the buffer is larger than $LOGGING_BUFFER_MIB MiB, removed its oldest segment ${segments[0]##*/}"
	done
}

# A copy stays long enough to be read to its end. Alloy may stop again before that.
remove_copies() {
	find "$replay" -type f -mmin +10 -delete 2>/dev/null
	find "$replay" -mindepth 1 -depth -type d -empty -delete 2>/dev/null
}

tidy() {
	remove_copies
	remove_delivered
	keep_within_limit
}

