#!/usr/bin/env bash
# with-minio-keys.sh COMMAND...   runs it with MINIO_USER and MINIO_PASSWORD out of the Key Vault that KEY_VAULT names
#
# MinIO's admin keys are kept in the vault alone: the pipeline holds no secret, and no other step of it sees them.
set -euo pipefail
of_vault() { az keyvault secret show --vault-name "$KEY_VAULT" --name "$1" --query value --output tsv; }
# Not `export A=$(…)`: that would go on where the vault refuses.
MINIO_USER=$(of_vault minio-user)
MINIO_PASSWORD=$(of_vault minio-password)
export MINIO_USER MINIO_PASSWORD
# Whatever prints it after this, the log shows stars.
if [ -n "${GITHUB_ACTIONS:-}" ]; then
  echo "::add-mask::$MINIO_PASSWORD"
elif [ -n "${TF_BUILD:-}" ]; then
  echo "##vso[task.setsecret]$MINIO_PASSWORD"
fi
exec "$@"
