# shellcheck shell=bash disable=SC1007,SC2015,SC2154 # start.sh sets the variables; `a= b=` empties both; each A && B || C is intended
# Before Alloy starts, and once it has opened its files: sets where it continues, and copies lines that it would miss. Part of start.sh.

# Offset read so far, by file name. `-`: not open; for a rotated file that means read to the end.
declare -A noted=()
# Files whose first lines go into the named copy, once they are complete.
declare -A unfinished=()
# Files that Alloy has not opened yet.
declare -A unopened=()

load() {
	local offset file
	noted=()
	[ -s "$1" ] || return
	while IFS=$'\t' read -r offset file; do noted[$file]=$offset; done <"$1"
}

# Checks that the node's files still have everything since then: only files that had been read to the end may be gone.
files_are_whole() {
	local file
	while read -r file; do
		[[ ${file##*/} = *.log.* && ${noted[$file]:-} = - ]] && continue
		[ -e "$file" ] || [ -e "$file.gz" ] || { say "needs the buffer: $file is gone"; return 1; }
	done <"$seen"
}

# Makes Alloy begin with the oldest segment left. The marker names a segment before all others, and ends with a checksum. Without a marker,
# Alloy would begin with the newest segment.
rewind_buffer() {
	remove_delivered
	[ -d "$wal/remote" ] && printf '01\xff\xff\xff\xff\xff\xff\xff\xfe\x81\x52\x0e\x3c' >"$wal/remote/segment_marker"
}

# The end of the last whole line before a position. containerd splits long lines, and Alloy forgets their first parts.
whole_line() {
	local from=$(($2 > longest ? $2 - longest : 0))
	tail -c +$((from + 1)) "$1" | LC_ALL=C awk -v from="$from" -v upto="$2" '
		BEGIN { at = whole = from }
		{ at += length($0) + 1 }
		at > upto { exit }
		$3 == "F" && (NR > 1 || from == 0) { whole = at }
		END { printf "%.0f\n", whole }'
}

# The end of the line at a position, or of the last line. Fails while that line is incomplete.
line_end() {
	local from=$2 size whole
	size=$(stat -c %s "$1") || return
	[ "$from" -gt "$size" ] && from=$size
	whole=$(whole_line "$1" "$from")
	tail -c +$((whole + 1)) "$1" | LC_ALL=C awk -v at="$whole" -v from="$from" '
		BEGIN { if (at > 0 && at >= from) { found = 1; exit } }
		{ at += length($0) + 1 }
		$3 == "F" && at >= from { found = 1; exit }
		END { if (!found) exit 1; printf "%.0f\n", at }'
}

# `ends_in_part` checks that the last line continues in the next file; `last_parts` prints its parts so far.
ends_in_part() {
	local line= flag
	IFS= read -r -n 80 line < <(tail -n 1)
	read -r _ _ flag _ <<<"$line"
	[ "$flag" = P ]
}
last_parts() { LC_ALL=C awk '$3 == "F" { parts = ""; next } { parts = parts $0 "\n" } END { printf "%s", parts }'; }

# Opens a rotated file as `content`, which stays readable: the kubelet may compress and remove the file at any moment.
open_rotated() {
	[ -z "${opened:-}" ] || exec {opened}<&-
	if { exec {opened}<"$1"; } 2>/dev/null; then
		content=/dev/fd/$opened
	else
		opened= content=$replay/${2:-content}
		gzip -cd "$1.gz" >"$content" 2>/dev/null
	fi
}

# Copies the unread part of the rotated files, in order, from the beginning of a whole line. Then copies the current file up to `upto`, and
# the line that began in the file before. `REPLY` is where to continue in the current file.
copy_rotated() {
	local current=$1 upto=${2:-0} copy content file offset parts last= before= files=()
	copy=$replay${current#"$logs"}
	copy=${copy%.log}.$EPOCHSECONDS.$((copies++)).log
	# The name contains the time of the rotation, so names sort in that order.
	for file in "$current".*; do
		file=${file%.gz}
		# During compression the file exists twice.
		case $file in *.tmp | *'.*' | "$last") continue ;; esac
		last=$file
		if [ ${#files[@]} = 0 ] && [ "${noted[$file]:-}" = - ]; then before=$file; else files+=("$file"); fi
	done
	offset=${noted[${files[0]:-$current}]:-${noted[$current]:-0}}
	[ "$offset" = - ] && offset=0
	for file in "${files[@]}"; do
		open_rotated "$file" || continue
		begin "$content"
		tail -c +$((REPLY + 1)) "$content" >>"$copy"
		before= offset=0
	done
	begin "$current"
	[ -s "$copy" ] || return
	say "reads again of what was rotated away: ${files[*]:-$before}"
	if [ "$upto" -gt 0 ] || ends_in_part <"$copy"; then
		unfinished[$current]=$copy
		copy_beginning "$current" "$upto"
	fi
}

# Where to begin in a file that has been read up to `offset`. The line there may have begun in the file `before` it.
begin() {
	REPLY=0
	[ "$offset" -gt 0 ] && REPLY=$(whole_line "$1" "$offset")
	[ -d "${copy%/*}" ] || [ -z "$last" ] || mkdir -p "${copy%/*}"
	if [ "$REPLY" = 0 ] && [ -n "$before" ]; then
		parts=$(open_rotated "$before" before && ends_in_part <"$content" && last_parts <"$content")
		[ -z "$parts" ] || printf '%s\n' "$parts" >>"$copy"
	fi
}

# Copies the beginning of the current file. If a line there is incomplete, that happens later.
copy_beginning() {
	REPLY=$(line_end "$1" "$2") || { REPLY=0 && return 1; }
	head -c "$REPLY" "$1" >>"${unfinished[$1]}"
	unset "unfinished[$1]"
}

# Once Alloy has opened a file: copies what was rotated since the file was listed, and what Alloy skipped of the new file because it took
# the old file's position. Fails as long as Alloy may open more files.
copy_skipped() {
	local offset file
	[ ${#unopened[@]} -gt 0 ] || return 0
	while IFS=$'\t' read -r offset file; do
		[[ ${file##*/} = *.log.* ]] && file=${file%.log.*}.log
		[ "$offset" != - ] && [ -n "${unopened[$file]:-}" ] || continue
		if [ -n "${unfinished[$file]:-}" ]; then
			copy_beginning "$file" "${noted[$file]}"
		elif rotated_since "$file"; then
			copy_rotated "$file" "${noted[$file]}"
		fi
		[ -n "${unfinished[$file]:-}" ] || unset "unopened[$file]"
		waited=0
	done <"$reading.new"
	# Alloy looks for files every 5 s, and never opens excluded ones.
	if [ ${#unopened[@]} -gt 0 ]; then
		[ $((waited += 1)) -gt 3 ] || return
		say "Alloy has not opened ${#unopened[@]} of $count files"
		unopened=()
	fi
}

# Checks that a new rotated file exists.
rotated_since() {
	local file
	for file in "$1".*; do
		case $file in *.tmp | *'.*') continue ;; esac
		[ -n "${noted[${file%.gz}]:-}" ] || return 0
	done
	return 1
}

# Copies what was written to a file after its rename, until containerd had opened the new one. Alloy leaves a file as soon as its name is
# gone or belongs to another, and never reads what is written after that. Two rounds later, copies the lines from the second in the file's
# name on.
copy_ends() {
	local offset file written renamed
	local -A noted=() unfinished=()
	while IFS=$'\t' read -r offset file; do
		# If nothing was written to the file since, its rename is the last change.
		read -r written renamed < <(stat -c '%.9Y %.9Z' "$file" 2>/dev/null)
		[ "${written:-}" = "${renamed:-}" ] || continue
		load "$reading.before"
		noted[$file]=$(since_moment "$file" "$offset")
		copy_rotated "${file%.log.*}.log"
	done < <(awk -F '\t' '
		NR == FNR { at[$2] = $1; next }
		$2 ~ /\.log\.[^\/]*$/ && !($2 in at) {
			file = $2
			sub(/\.log\.[^\/]*$/, ".log", file)
			print at[file] + 0 "\t" $2
			at[file] = 0
		}' "$reading.older" "$reading.before" 2>/dev/null)
}

# The offset of the first line that is not older than the second in a file's name.
since_moment() {
	local moment=${1##*.log.} content
	open_rotated "$1" && tail -c +$(($2 + 1)) "$content" | LC_ALL=C awk -v at="$2" -v moment="${moment:0:15}" '
		{ time = substr($1, 1, 19); gsub(/[-:]/, "", time); sub(/T/, "-", time) }
		time >= moment && (NR > 1 || at == 0) { exit }
		{ at += length($0) + 1 }
		END { printf "%.0f\n", at }'
}

rewind() {
	local from=$reading file
	count=0
	mkdir -p "$replay"
	# Listed before the files are read: whatever rotates after this is unread.
	files >"$reading.new"
	remove_copies
	if load "$delivered" && files_are_whole; then
		# The files have everything, and from a later line than the buffer, which Alloy can only read from the start of a segment.
		from=$delivered
		cp -p "$delivered" "$reading"
		rm -rf "$wal"
	else
		rewind_buffer
		load "$reading" || return
	fi
	declare -A position=()
	{
		echo "positions:"
		for file in "$logs"/*/*/*.log "$replay"/*/*/*.log; do
			[ -e "$file" ] || continue
			copy_rotated "$file"
			position[$file]=$REPLY
			[ "$REPLY" -gt 0 ] && printf "  ? path: %s\n    labels: '{}'\n  : \"%s\"\n" "$file" "$REPLY"
			count=$((count + 1))
		done
	} >"$positions.new"
	mv "$positions.new" "$positions"
	rm -f "$replay/content" "$replay/before"
	load "$reading.new"
	for file in "${!position[@]}"; do noted[$file]=${position[$file]} unopened[$file]=1; done
	say "put back $count files to what had arrived $((EPOCHSECONDS - $(stat -c %Y "$from"))) s ago, by ${from##*/}"
}

