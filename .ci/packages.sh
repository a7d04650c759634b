#!/bin/sh
# Installs the packages that `npm run test:pipeline` needs, on Debian and Ubuntu, as root.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends nginx-light memcached openssl iproute2
