#!/usr/bin/env bash
# azure-comment.sh STACK FILE   writes FILE as the stack's comment into the pull request of an Azure Repos repository, in place
#
# Needs SYSTEM_ACCESSTOKEN and what Azure Pipelines sets by itself. Elsewhere than in Azure Repos it says so and does nothing.
set -euo pipefail
stack=$1 file=$2
if [ "${BUILD_REPOSITORY_PROVIDER:-}" != TfsGit ] || [ -z "${SYSTEM_PULLREQUEST_PULLREQUESTID:-}" ]; then
  echo "no pull request of Azure Repos: the report is on the run's page"
  exit 0
fi
threads="${SYSTEM_COLLECTIONURI}${SYSTEM_TEAMPROJECTID}/_apis/git/repositories/${BUILD_REPOSITORY_ID}/pullRequests/${SYSTEM_PULLREQUEST_PULLREQUESTID}/threads"

# The token goes in by a file handle: arguments are seen by every process of the machine.
ask() {
  curl --silent --show-error --fail --max-time 60 --config <(printf 'header = "Authorization: Bearer %s"\n' "$SYSTEM_ACCESSTOKEN") \
    --header 'Content-Type: application/json' "$@"
}

# By it the comment is found again; the report itself has it in its first line.
marker="<!-- logging change report: $stack -->"
text=$(grep -qF "$marker" "$file" || echo "$marker"; cat "$file")
found=$(ask "$threads?api-version=7.1" | jq -r --arg marker "$marker" \
  'first(.value[] | select(.isDeleted | not) | .id as $thread | .comments[] | select((.content // "") | startswith($marker)) | "\($thread)/comments/\(.id)") // empty')
if [ -n "$found" ]; then
  jq -n --arg content "$text" '{content: $content}' | ask --request PATCH --data @- "$threads/$found?api-version=7.1" >/dev/null
else
  # Closed: nothing waits for an answer to it.
  jq -n --arg content "$text" '{status: "closed", comments: [{parentCommentId: 0, commentType: "text", content: $content}]}' |
    ask --request POST --data @- "$threads?api-version=7.1" >/dev/null
fi
