# shellcheck shell=bash
# Runs before Alloy. Writes when release 0.1 ended on this node, in nanoseconds. 0: it never ran here.
cd "$LOGGING_STORAGE" || exit
if [ -e loki.source.file.pods ]; then
	ended=$(date +%s%N)
elif [ -e "$LOGGING_ENDED" ]; then
	exit
else
	ended=0
fi
printf %s "$ended" >"$LOGGING_ENDED.new" && mv "$LOGGING_ENDED.new" "$LOGGING_ENDED"
