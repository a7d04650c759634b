#!/bin/sh
# Installs the packages that `npm run test:pipeline` needs, on Debian and Ubuntu, as root. shellcheck is for `npm test`.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends nginx-light memcached openssl iproute2
apt-get install --yes --no-install-recommends shellcheck
