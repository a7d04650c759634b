#!/usr/bin/env bash
# with-minio-keys.sh COMMAND...   runs COMMAND with MinIO's admin keys, from the Key Vault that KEY_VAULT names
#
# The keys are kept only in the vault: the pipeline stores no secret, and no other step sees them.
set -euo pipefail
secret() { az keyvault secret show --vault-name "$KEY_VAULT" --name "$1" --query value --output tsv; }
# `export A=$(…)` would go on after an error of the vault.
MINIO_USER=$(secret minio-user)
MINIO_PASSWORD=$(secret minio-password)
export MINIO_USER MINIO_PASSWORD
# From here on the log shows stars for it. Both read %25 or the like as one character, and would hide another text.
if [ -n "${GITHUB_ACTIONS:-}" ]; then
  echo "::add-mask::${MINIO_PASSWORD//%/%25}"
elif [ -n "${TF_BUILD:-}" ]; then
  echo "##vso[task.setsecret]${MINIO_PASSWORD//%/%AZP25}"
fi
exec "$@"
