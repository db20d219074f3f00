#!/bin/sh
# What a pipeline runs before `terraform apply`: what the plan opens and closes, then whether the facts hold after it.
# Usage: gate.sh <plan> <world that it is applied to> <assertions> <folder for reports>
# The plan is what `terraform show -json` prints; the world is a file, a folder, or the URL of a server.
# Writes diff.md for a comment and assertions.xml for a test report. Ends with the status of `crenel assert`.
set -eu
plan=$1 live=$2 facts=$3 reports=$4
crenel=${CRENEL:-crenel}
mkdir -p "$reports"
"$crenel" diff "$plan" --over "$live" --markdown --fail-on never >"$reports/diff.md"
"$crenel" assert "$facts" --world "$plan" --over "$live" --junit >"$reports/assertions.xml" || [ $? -le 2 ]
"$crenel" assert "$facts" --world "$plan" --over "$live"
