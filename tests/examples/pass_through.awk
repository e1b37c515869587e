#!/usr/bin/awk -f
# SPDX-License-Identifier: MIT
# Passes its records on, and returns how many there were: a filter for mrf-run.
{ print }
END { print "{\"records\": " NR "}" >ENVIRON["MRF_RESULT"] }
