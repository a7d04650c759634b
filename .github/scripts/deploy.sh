#!/usr/bin/env bash
# deploy.sh STACK [OPTION...]   deploys the stack; a cancelled pipeline lets the deployment end in its own time
#
# Call it with `exec`: a cancelled job signals only the step's shell, and that would keep the signal to itself.
set -euo pipefail
scripts=$(dirname "$0")
exec "$scripts/with-minio-keys.sh" "$scripts/with-grace.sh" run npm run deploy -- up --stack "$@"
