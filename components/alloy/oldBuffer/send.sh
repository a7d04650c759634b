# shellcheck shell=bash
# Runs beside Alloy: sends the lines in the buffer of release 0.1, and then removes that release's files.
cd "$LOGGING_STORAGE" || exit
wal=loki.write.gateway/wal

# Prints `sent` once everything before the buffer's last segment is sent, and `refused` if Loki or its gateway refused all lines of a
# request. Alloy keeps two records for each line. It counts as dropped the lines that are too old for Loki.
state() {
	(exec 3<>/dev/tcp/127.0.0.1/12346 && printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3 && awk -v last="$last" '
		/^loki_write_request_duration_seconds_count.*status_code="4(01|03|04|13)"/ { refused = 1 }
		/^loki_write_wal_watcher_current_segment/ { segment = $NF }
		/^loki_write_wal_watcher_records_read_total/ { records += $NF }
		/^loki_write_wal_watcher_record_decode_failures_total/ { records -= $NF }
		/^loki_write_(sent|dropped)_entries_total/ { sent += $NF }
		END { print (refused ? "refused" : segment >= last && sent >= int(records / 2) ? "sent" : "waiting") }' <&3) 2>/dev/null
}

if [ -d "$wal" ]; then
	# Alloy appends a segment, and begins after the one that this file names. It names that one before everything in it is sent
	# (grafana/alloy#7065, #7112). With these bytes, as release 0.1 wrote them too, Alloy begins with the first.
	mkdir -p "$wal/remote"
	printf '01\xff\xff\xff\xff\xff\xff\xff\xfe\x81\x52\x0e\x3c' >"$wal/remote/segment_marker"
	last=0
	for segment in "$wal"/[0-9]*; do [ -e "$segment" ] && last=$((10#${segment##*/} + 1)); done
	/bin/alloy run <(printf %s "$LOGGING_BUFFER_PIPELINE") --storage.path=. --disable-reporting --server.http.listen-addr=127.0.0.1:12346 &
	until [ "$(state)" = sent ]; do
		# The next start of the container sends everything again.
		{ kill -0 $! && [ "$(state)" != refused ]; } || exit 1
		sleep 5
	done
	echo "everything in the buffer of release 0.1 is sent: removing it"
	kill $! && wait $!
	rm -rf loki.write.gateway
fi
rm -rf loki.source.file.pods reading* delivered* seen* alloy_seed.json remotecfg
# Copies of rotated files, which Alloy reads beside the kubelet's files. Release 0.1 kept them for ten minutes too.
while [ -n "$(find replay -type f -mmin -10 -print -quit 2>/dev/null)" ]; do sleep 30; done
rm -rf replay
exec sleep infinity
