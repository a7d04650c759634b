# shellcheck shell=bash disable=SC1007,SC2015,SC2154 # start.sh sets the variables; `a= b=` sets both to nothing; each A && B || C is meant as it is
# Before Alloy starts, and when it has opened its files: where it goes on, and copies of what it would not read. Part of start.sh.

# How far each file had been read, by its name; `-` for those that were not open: had been read to its end, if it is a rotated one.
declare -A noted=()
# Files whose first lines go into the copy that is named here, when they are all written.
declare -A unfinished=()
# Files that Alloy has not opened yet.
declare -A unopened=()

load() {
	local offset file
	noted=()
	[ -s "$1" ] || return
	while IFS=$'\t' read -r offset file; do noted[$file]=$offset; done <"$1"
}

# Whether the node's files still have everything since then: no file is gone but those that had been read.
files_are_whole() {
	local file
	while read -r file; do
		[[ ${file##*/} = *.log.* && ${noted[$file]:-} = - ]] && continue
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

# The end of the line that is there at a position, or of the last one; fails while that is not all written.
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

# Whether the last line goes on in the next file, and the parts that it has there.
ends_in_part() {
	local line= flag
	IFS= read -r -n 80 line < <(tail -n 1)
	read -r _ _ flag _ <<<"$line"
	[ "$flag" = P ]
}
last_parts() { LC_ALL=C awk '$3 == "F" { parts = ""; next } { parts = parts $0 "\n" } END { printf "%s", parts }'; }

# A rotated file as `content`, whatever becomes of it: the kubelet may compress it, and remove it, at any moment.
open_rotated() {
	[ -z "${opened:-}" ] || exec {opened}<&-
	if { exec {opened}<"$1"; } 2>/dev/null; then
		content=/dev/fd/$opened
	else
		opened= content=$replay/${2:-content}
		gzip -cd "$1.gz" >"$content" 2>/dev/null
	fi
}

# Copies what has not been read of the files that were rotated away, in their order, from the beginning of a whole line; then, of the
# current file, as much as `upto` says and the line that began in the file before. `REPLY` is where to go on in the current file.
copy_rotated() {
	local current=$1 upto=${2:-0} copy content file offset parts last= before= files=()
	copy=$replay${current#"$logs"}
	copy=${copy%.log}.$EPOCHSECONDS.$((copies++)).log
	# The kubelet has the time of a rotation in the name, so names are in its order.
	for file in "$current".*; do
		file=${file%.gz}
		# While it is being compressed it is there twice.
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

# Where to begin in a file of which `offset` has been read. The line there may have begun in the file `before` it.
begin() {
	REPLY=0
	[ "$offset" -gt 0 ] && REPLY=$(whole_line "$1" "$offset")
	[ -d "${copy%/*}" ] || [ -z "$last" ] || mkdir -p "${copy%/*}"
	if [ "$REPLY" = 0 ] && [ -n "$before" ]; then
		parts=$(open_rotated "$before" before && ends_in_part <"$content" && last_parts <"$content")
		[ -z "$parts" ] || printf '%s\n' "$parts" >>"$copy"
	fi
}

# Copies the beginning of the current file, unless a line there is still being written: then it is done later.
copy_beginning() {
	REPLY=$(line_end "$1" "$2") || { REPLY=0 && return 1; }
	head -c "$REPLY" "$1" >>"${unfinished[$1]}"
	unset "unfinished[$1]"
}

# When Alloy has opened a file: what was rotated away between looking at it and that, and what Alloy skipped of the new file
# because it took the old one's position for its own. Fails as long as there may be more to be opened.
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
	# Alloy looks for files every 5 s, and never opens those that it is to leave out.
	if [ ${#unopened[@]} -gt 0 ]; then
		[ $((waited += 1)) -gt 3 ] || return
		say "Alloy has not opened ${#unopened[@]} of $count files"
		unopened=()
	fi
}

# Whether a file was rotated away that was not there before.
rotated_since() {
	local file
	for file in "$1".*; do
		case $file in *.tmp | *'.*') continue ;; esac
		[ -n "${noted[${file%.gz}]:-}" ] || return 0
	done
	return 1
}

# What was written to a file after it had been renamed, until containerd had the new one: Alloy leaves a file as soon as its name is gone
# or another's, and what is written after that it never reads. Lines of the second in its name or later, two rounds after.
copy_ends() {
	local offset file written renamed
	local -A noted=() unfinished=()
	while IFS=$'\t' read -r offset file; do
		# Where nothing was written to it since, its renaming is the last that happened to it.
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

# Where the lines begin that are of the second in a file's name or later.
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
	# Before they are looked at: what is rotated away after this is yet to be read.
	files >"$reading.new"
	remove_copies
	if load "$delivered" && files_are_whole; then
		# The files alone have it all, and from a later line on than the buffer, which Alloy can only begin at a segment's start.
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

