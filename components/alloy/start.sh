# Starts Alloy, on every start of its container, also after a crash. Alloy remembers what it has read, not what has arrived: started
# again while Loki is away, it would go on behind lines that nobody has. So what has arrived is noted here while it runs, and the
# next start goes back to it. What is sent a second time keeps its old timestamp, and Loki shows it once. docs/loss-contract.md has
# the figures. Needs bash, coreutils, findutils, awk and gzip, which Alloy's image has. Whatever fails here, Alloy starts. Until it does,
# nothing is read and files are rotated away, on a busy node with a tenth of a processor: so the start has few processes for each file.

storage=/var/lib/alloy
logs=/var/log/pods
# Alloy's own: how far each file has been read, and what Loki has not taken yet.
positions=$storage/loki.source.file.pods/positions.yml
wal=$storage/loki.write.gateway/wal
# The positions of a moment before which everything has arrived, and all containers and rotated files since then.
delivered=$storage/delivered.yml
seen=$storage/seen
# What was rotated away, for Alloy to read beside the current files.
replay=$storage/replay

# Alloy notes a position every 10 s, so it may be that much older than the file of positions.
lag=15
# A line that is longer than this and was being put together when Alloy ended is sent as two.
longest=$((1024 * 1024))

# A second in UTC, in a format of strftime, as `REPLY`.
utc() {
	local -x TZ=UTC
	printf -v REPLY "%($1)T" "$2"
}

say() {
	utc %FT%TZ -1
	printf 'ts=%s level=info component=start msg="%s"\n' "$REPLY" "$1" >&2
}

# --- while Alloy runs

# Lines that came out of the buffer so far, lines that are done with, how often the buffer was read up to its end, the segment that is
# being read, and how many files are. Alloy writes two records for each line.
counts() {
	(
		exec 3<>/dev/tcp/127.0.0.1/12345 || exit
		printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
		awk '/^loki_write_wal_watcher_records_read_total/ { out += $NF / 2 }
			/^loki_write_(sent|dropped)_entries_total/ { sent += $NF }
			/^loki_write_wal_watcher_segment_read_total/ { reads += $NF }
			/^loki_write_wal_watcher_current_segment/ { segment = $NF }
			/^loki_source_file_files_active_total/ { files += $NF }
			END { printf "%.0f %.0f %.0f %.0f %.0f\n", out, sent, reads, segment, files }' <&3
	) 2>/dev/null
}

# Containers, and what is rotated away, under the name that it has for good.
files() { printf '%s\n' "$logs"/*/* "$logs"/*/*/*.log.* | sed 's/\.gz$//; /\.tmp$/d; /\*/d' | sort -u; }

# The newest segment of the buffer.
last_segment() {
	local newest
	newest=$(printf '%s\n' "$wal"/[0-9]* | tail -n 1)
	newest=${newest##*/}
	case $newest in *[!0-9]*) echo 0 ;; *) echo $((10#$newest)) ;; esac
}

# In three steps, so that all that had been read when the positions were written is sure to be counted: take the positions; count what
# has come out of the buffer when it was read up to its end since, which after an outage takes a while; and when that much is done
# with, keep the positions.
step=0
note_delivered() {
	local out sent reads segment list
	[ -s "$positions" ] || return
	for list in "$seen" "$seen.new"; do
		[ -e "$list" ] && files | sort -u - "$list" -o "$list" 2>/dev/null
	done
	read -r out sent reads segment _ < <(counts)
	[ "${out:-0}" -gt 0 ] || return
	case $step in
	1) [ "$segment" -ge "$last" ] && [ "$reads" -ge $((reads_before + 2)) ] && wanted=$out step=2 ;;
	2) [ "$sent" -ge "$wanted" ] && mv "$delivered.new" "$delivered" && mv "$seen.new" "$seen" && step=0 ;;
	esac
	if [ $step = 0 ]; then
		files >"$seen.new"
		last=$(last_segment) reads_before=$reads
		cp -p "$positions" "$delivered.new" && step=1
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

# --- before Alloy starts

# Whether a file's first line is older than a second; that of an empty file is not.
begins_before() {
	local time=
	IFS= read -r -n 35 time 2>/dev/null <"$1"
	time=${time%% *}
	case $time in
	'') return 1 ;;
	*Z) utc %FT%T "$2" && [[ ${time:0:19} < $REPLY ]] ;;
	*) [ "$(date -d "$time" +%s 2>/dev/null || echo "$2")" -lt "$2" ] ;;
	esac
}

# Whether the node's files still have everything since then: no container's folder is gone, and no file that was rotated away.
files_are_whole() {
	local file
	while read -r file; do
		[ -e "$file" ] || [ -e "$file.gz" ] || { say "needs the buffer: $file is gone"; return 1; }
	done <"$seen"
}

# Lets Alloy begin with the oldest segment that is left: the mark before all of them, with its checksum. Without a mark it would
# begin with the newest.
rewind_buffer() {
	remove_delivered
	[ -d "$wal/remote" ] && printf '01\xff\xff\xff\xff\xff\xff\xff\xfe\x81\x52\x0e\x3c' >"$wal/remote/segment_marker"
}

# The end of the last whole line before a position: containerd splits long ones, and Alloy forgets the first parts.
whole_line() {
	local from=$(($2 > longest ? $2 - longest : 0))
	tail -c +$((from + 1)) "$1" | LC_ALL=C awk -v from="$from" -v upto="$2" '
		BEGIN { at = whole = from }
		{ at += length($0) + 1 }
		at > upto { exit }
		$3 == "F" && (NR > 1 || from == 0) { whole = at }
		END { printf "%.0f\n", whole }'
}

# Whether the last line goes on in the next file, and how much of that file is the rest of it.
ends_in_part() {
	local line= flag
	IFS= read -r -n 80 line < <(tail -n 1)
	read -r _ _ flag _ <<<"$line"
	[ "$flag" = P ]
}
rest_of_line() { LC_ALL=C awk '{ at += length($0) + 1 } $3 == "F" { exit } END { printf "%.0f\n", at }' "$1"; }

# Puts together what was rotated away since then, in its order, from a position in the first one, and the current file as far as the
# last argument says. Where to go on in the current file is in `REPLY`.
copy_rotated() {
	local current=$1 since=$2 position=$3 upto=${4:-0} file moment oldest noted copy part before=
	copy=$replay${current#"$logs"}
	copy=${copy%.log}.$EPOCHSECONDS.log
	part=$replay/part
	# The kubelet has the time of a rotation in the name, so names are in its order.
	utc %Y%m%d-%H%M%S "$since" && oldest=$REPLY
	utc %Y%m%d-%H%M%S $((since + lag)) && noted=$REPLY
	for file in "$current".*; do
		case $file in *.tmp | *'.*') continue ;; esac
		moment=${file##*.log.}
		moment=${moment:0:15}
		if [[ $moment < $oldest ]]; then
			before=$file
			continue
		fi
		[ -d "${copy%/*}" ] || mkdir -p "${copy%/*}"
		# It may have been compressed since it was looked for.
		gzip -cdf "$file" >"$part" 2>/dev/null || gzip -cd "$file.gz" >"$part" || continue
		# The position is that of the file that was current when the positions were written down.
		[ "$position" = 0 ] || { [[ $moment > $noted ]] && begins_before "$part" "$since"; } || position=0
		if [ "$position" -gt 0 ]; then
			position=$(whole_line "$part" "$position")
		elif [ -n "$before" ] && gzip -cdf "$before" | ends_in_part; then
			position=$(rest_of_line "$part")
		fi
		before=
		tail -c +$((position + 1)) "$part" >>"$copy"
		position=0
		say "reads again what was rotated away: $file"
	done
	position=0
	if [ -e "$copy" ]; then
		[ "$upto" -gt 0 ] && position=$((upto + $(tail -c +$((upto + 1)) "$current" | head -n 1 | wc -c)))
		[ "$position" = 0 ] && ends_in_part <"$copy" && position=$(rest_of_line "$current")
		head -c "$position" "$current" >>"$copy"
	fi
	REPLY=$position
}

# Which files they are now, by name.
note_inodes() {
	local inode file
	while read -r inode file; do inodes[$file]=$inode; done < <(stat -c '%i %n' "$@" 2>/dev/null)
}

# Once, when Alloy has opened its files: what was rotated away between looking at it above and that, and what Alloy skipped of the
# new file because it took the old one's position for its own.
copy_rotated_at_start() {
	local file upto opened
	[ "${start:-0}" -gt 0 ] || return
	# All that it will open, when there were as many a round ago.
	read -r _ _ _ _ opened < <(counts)
	[ "${opened:-0}" -gt 0 ] && [ "$opened" = "$opened_before" ] || { opened_before=$opened && return; }
	declare -A then
	for file in "${!inodes[@]}"; do then[$file]=${inodes[$file]}; done
	note_inodes "$logs"/*/*/*.log
	for file in "$logs"/*/*/*.log; do
		upto=0
		[ "${then[$file]:-}" = "${inodes[$file]:-}" ] || upto=${positions_of[$file]:-0}
		copy_rotated "$file" "$start" 0 "$upto"
	done
	start=0
}

rewind() {
	local from=$positions since file position count=0
	mkdir -p "$replay"
	remove_copies
	if [ -s "$delivered" ] && files_are_whole; then
		# The files alone have it all, and from a later line on than the buffer, which Alloy can only begin at a segment's start.
		from=$delivered
		rm -rf "$wal"
	else
		rewind_buffer
	fi
	[ -s "$from" ] || return
	start=$EPOCHSECONDS
	since=$(($(stat -c %Y "$from") - lag))
	declare -A noted
	declare -gA inodes positions_of
	while IFS=$'\t' read -r file position; do noted[$file]=$position; done < <(awk '
		/path: / { path = $NF }
		/: "[0-9]+"$/ { gsub(/[^0-9]/, "", $NF); print path "\t" $NF }' "$from")
	# Before they are looked at: what is rotated after this is another file.
	note_inodes "$logs"/*/*/*.log
	{
		echo "positions:"
		for file in "$logs"/*/*/*.log "$replay"/*/*/*.log; do
			[ -e "$file" ] || continue
			position=${noted[$file]:-0}
			if [[ $file != "$replay"/* ]] && ! begins_before "$file" "$since"; then
				# Another file than when its position was noted.
				copy_rotated "$file" "$since" "$position"
				position=$REPLY
			elif [ "$position" -gt 0 ]; then
				position=$(whole_line "$file" "$position")
			fi
			positions_of[$file]=$position
			[ "$position" -gt 0 ] && printf "  ? path: %s\n    labels: '{}'\n  : \"%s\"\n" "$file" "$position"
			count=$((count + 1))
		done
	} >"$positions.new"
	mv "$positions.new" "$positions"
	rm -f "$replay/part"
	say "put back $count files to what had arrived $((start - since - lag)) s ago, by ${from##*/}"
}

rewind
rm -f "$delivered.new" "$seen.new"
while sleep 3; do
	copy_rotated_at_start
	note_delivered
	# Most of what the loop costs, for what has minutes.
	[ $((round++ % 5)) = 0 ] && tidy
done &
exec /bin/alloy "$@"
