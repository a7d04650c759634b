#!/usr/bin/env bash
# Talks to the pull request that Azure Pipelines builds, in Azure Repos. For other repositories it prints so and does nothing.
#
#   azure-pull-request.sh comment STACK FILE   writes FILE as the stack's comment; updates the comment that is there
#   azure-pull-request.sh label NAME           sets the output variable `labelled` to true if the pull request has the label
#
# Needs SYSTEM_ACCESSTOKEN, and the variables that Azure Pipelines sets by itself.
set -euo pipefail
if [ "${BUILD_REPOSITORY_PROVIDER:-}" != TfsGit ] || [ -z "${SYSTEM_PULLREQUEST_PULLREQUESTID:-}" ]; then
  echo "this is not a pull request of Azure Repos"
  exit 0
fi
request="${SYSTEM_COLLECTIONURI}${SYSTEM_TEAMPROJECTID}/_apis/git/repositories/${BUILD_REPOSITORY_ID}/pullRequests/${SYSTEM_PULLREQUEST_PULLREQUESTID}"

# ask PATH [OPTION...]   The token goes in by a file handle, because every process of the machine can see arguments.
ask() {
  local path=$1
  shift
  curl --silent --show-error --fail --max-time 60 --config <(printf 'header = "Authorization: Bearer %s"\n' "$SYSTEM_ACCESSTOKEN") \
    --header 'Content-Type: application/json' "$@" "$request/$path?api-version=7.1"
}

comment() {
  local stack=$1 file=$2 marker text found
  # The comment is found again by this line. The report begins with it; a text about a failed preview does not.
  marker="<!-- logging change report: $stack -->"
  text=$(grep -qF "$marker" "$file" || echo "$marker"; cat "$file")
  found=$(ask threads | jq -r --arg marker "$marker" \
    'first(.value[] | select(.isDeleted | not) | .id as $thread | .comments[] | select((.content // "") | startswith($marker)) | "\($thread)/comments/\(.id)") // empty')
  if [ -n "$found" ]; then
    jq -n --arg content "$text" '{content: $content}' | ask "threads/$found" --request PATCH --data @- >/dev/null
  else
    # Closed, because nobody has to answer it.
    jq -n --arg content "$text" '{status: "closed", comments: [{parentCommentId: 0, commentType: "text", content: $content}]}' |
      ask threads --request POST --data @- >/dev/null
  fi
}

label() {
  local labelled
  labelled=$(ask labels | jq --arg name "$1" 'any(.value[]; .name == $name and .active)')
  echo "##vso[task.setvariable variable=labelled;isOutput=true]$labelled"
}

"$@"
