#!/usr/bin/env bash
# with-azure-login.sh COMMAND...   runs COMMAND logged in to Azure and to Pulumi's backend, in a task AzureCLI@2 of Azure Pipelines
#
# The task needs `addSpnToEnvironment: true`. It then sets servicePrincipalId, tenantId and idToken.
set -euo pipefail
export ARM_USE_OIDC=true ARM_CLIENT_ID=${servicePrincipalId:?} ARM_TENANT_ID=${tenantId:?} ARM_OIDC_TOKEN=${idToken:?}
ARM_SUBSCRIPTION_ID=$(az account show --query id --output tsv)
export ARM_SUBSCRIPTION_ID
pulumi login "$PULUMI_BACKEND_URL"
exec "$@"
