# shellcheck shell=bash disable=SC2015,SC2154 # start.sh sets the variables; each A && B || C is meant as it is
# While Alloy runs: what it has read, and what of that has arrived. Part of start.sh.

# Lines that came out of the buffer so far, lines that are done with, how often the buffer was read up to its end, and the segment that
# is being read. Alloy writes two records for each line.
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

# All log files, those that are rotated away under the name that they have for good, as files that are not open.
files() { printf -- '-\t%s\n' "$logs"/*/*/*.log "$logs"/*/*/*.log.* | sed 's/\.gz$//; /\.tmp$/d; /\*/d'; }

# All log files, and how far Alloy has read those that it has open. By the kernel's account: it is that of the very file, whatever its
# name is by now. Alloy's positions are by name, and as old as the last line or older: after a rotation they are those of the file that
# went. The names first: a file that is rotated away in between is a new one, then, and not one that has been read. Of a container of
# which nothing is open any more it stays as it was: Alloy may be about to end, and what is rotated away from now on has not been read.
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

# How far Alloy has read the files that it has open: all of a file that it has come to the end of, else less what it has read ahead.
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

# Adds the files that there are to a list, which is whole whenever this ends.
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

# In three steps, so that all that had been read is sure to be counted: take what had been read a round ago, which is in the buffer by
# now; count what has come out of the buffer when it was read up to its end since, which after an outage takes a while; and when that
# much is done with, keep it.
step=0
note_delivered() {
	local out sent reads segment
	# A round ago files were still being opened.
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

# The last segment of the buffer that Alloy takes for delivered.
marked() {
	local hex
	hex=$(od -An -tx1 -j2 -N8 "$wal/remote/segment_marker" 2>/dev/null | tr -d ' \n')
	if [ ${#hex} = 16 ]; then echo $((16#$hex)); else echo -2; fi
}

# The mark runs ahead of the truth by what Alloy has in memory, which is less than a segment, and by the segment that is still
# written to (grafana/alloy#7065, #7112).
remove_delivered() {
	local keep segment
	keep=$(($(marked) - 1))
	for segment in "$wal"/[0-9]*; do
		[ -e "$segment" ] && [ $((10#${segment##*/})) -lt $keep ] && rm -f "$segment"
	done
}

# Removes the oldest, delivered or not, when the buffer is larger than the node can spare.
keep_within_limit() {
	local segments
	while [ "$(du -sk "$wal" 2>/dev/null | cut -f1)" -gt $((LOGGING_BUFFER_MIB * 1024)) ] 2>/dev/null; do
		segments=("$wal"/[0-9]*)
		[ ${#segments[@]} -gt 1 ] && rm -f "${segments[0]}" || break
		say "LOST: the buffer is larger than $LOGGING_BUFFER_MIB MiB, removed its oldest segment ${segments[0]##*/}"
	done
}

# A copy stays long enough to be read whole: Alloy may end again before it has.
remove_copies() {
	find "$replay" -type f -mmin +10 -delete 2>/dev/null
	find "$replay" -mindepth 1 -depth -type d -empty -delete 2>/dev/null
}

tidy() {
	remove_copies
	remove_delivered
	keep_within_limit
}

