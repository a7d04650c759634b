# Fills in the ids of what exists ($ids, by the name in the program), and drops everything else from Pulumi's import file.
.resources |= map(if $ids[.name] then .id = $ids[.name] else . end | select(.id != "<PLACEHOLDER>"))
