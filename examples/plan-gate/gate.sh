#!/bin/sh
# What a pipeline runs before a change is applied: what the change opens and closes, then whether the facts still hold.
# Usage: gate.sh <world before> <world after> <assertions> <folder for reports>
# Writes diff.md for a comment and assertions.xml for a test report. Ends with the status of `crenel assert`.
set -eu
before=$1 after=$2 facts=$3 reports=$4
crenel=${CRENEL:-crenel}
mkdir -p "$reports"
"$crenel" diff "$before" "$after" --markdown --fail-on never >"$reports/diff.md"
"$crenel" assert "$facts" --world "$after" --junit >"$reports/assertions.xml" || [ $? -le 2 ]
"$crenel" assert "$facts" --world "$after"
