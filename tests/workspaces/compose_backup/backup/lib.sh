#!/usr/bin/env bash
# Functions that the scripts share.

# log MESSAGE: one line to standard error, with the time.
log() {
  printf '%s %s\n' "$(date -u +%FT%TZ)" "$1" >&2
}

# require NAME: end with 64 where the variable is not set.
require() {
  if [ -z "${!1:-}" ]; then
    log "$1 is not set"
    exit 64
  fi
}
