#!/usr/bin/env bash
# release-notes.sh TAG   prints the section of CHANGELOG.md for the release TAG
#
# Fails if TAG is not v and the version in package.json, or if CHANGELOG.md has no text for that version.
set -euo pipefail
tag=$1
version=$(node -p 'require("./package.json").version')
[ "$tag" = "v$version" ] || { echo "the tag is $tag, but package.json has the version $version" >&2 && exit 1; }
notes=$(awk -v heading="## $version" '/^## / { inside = $0 == heading; next } inside' CHANGELOG.md)
[ -n "${notes//[[:space:]]/}" ] || { echo "CHANGELOG.md has no text below \"## $version\"" >&2 && exit 1; }
echo "$notes"
