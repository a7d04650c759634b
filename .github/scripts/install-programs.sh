#!/usr/bin/env bash
# install-programs.sh FOLDER NAME...   installs programs of .github/programs.txt into FOLDER
#
# A download whose checksum differs from the pinned one is not unpacked, and nothing is installed after it.
set -euo pipefail
mkdir -p "$1"
folder=$(realpath "$1")
shift
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

download() {
  curl --silent --show-error --fail --location --proto '=https' --retry 3 --max-time 900 --output "$1" "$2"
}

# verify FILE KIND:SUM URL
verify() {
  local file=$1 kind=${2%%:*} sum=${2#*:} url=$3
  if [ "$kind" = list ]; then
    download "$work/list" "${url%/*}/$sum"
    kind=sha256
    sum=$(awk -v name="${url##*/}" '{ sub(/^.*[\/*]/, "", $2) } $2 == name { print $1 }' "$work/list")
  fi
  "${kind}sum" --check --strict --status <<<"$sum  $file" || {
    echo "$url does not have the ${kind} ${sum:-(none listed)}; it has $("${kind}sum" <"$file")" >&2
    exit 1
  }
}

unpack() {
  case $2 in
    *.zip) unzip -q "$1" -d "$3" ;;
    *.tar.*) tar -xf "$1" -C "$3" ;;
    *) cp "$1" "$3/${2##*/}" ;;
  esac
}

# install_release NAME TAG CHECKSUM URL PROGRAMS
install_release() {
  local name=$1 tag=$2 checksum=$3 url=$4 programs program found file
  url=${url//\{tag\}/$tag} url=${url//\{version\}/${tag#v}} checksum=${checksum//\{version\}/${tag#v}}
  download "$work/$name" "$url"
  verify "$work/$name" "$checksum" "$url"
  mkdir "$work/$name.files"
  unpack "$work/$name" "$url" "$work/$name.files"
  IFS=, read -ra programs <<<"$5"
  for program in "${programs[@]}"; do
    # Some releases add the platform to the name.
    found=$(find "$work/$name.files" -type f \( -name "$program" -o -name "$program-linux-amd64" \))
    [ -n "$found" ] || { echo "$url has no $program" >&2 && exit 1; }
    while read -r file; do
      install -m 755 "$file" "$folder/$(basename "$file" -linux-amd64)"
    done <<<"$found"
  done
}

for wanted; do
  read -r name tag checksum url programs < <(grep "^$wanted " .github/programs.txt) ||
    { echo "no program $wanted in .github/programs.txt" >&2 && exit 1; }
  case $checksum in
    go.sum) CGO_ENABLED=0 go build -C "$url" -mod=readonly -trimpath -o "$folder/$name" "$programs" ;;
    pypi) PIPX_BIN_DIR=$folder pipx install "$name==$tag" ;;
    *) install_release "$name" "$tag" "$checksum" "$url" "$programs" ;;
  esac
  echo "installed $name $tag"
done
