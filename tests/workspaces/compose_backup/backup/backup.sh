#!/usr/bin/env bash
# Packs /data into /archive and keeps the newest KEEP archives.
#
# Exit codes: 0 done, 64 KEEP is not set or no number, 74 the archive could not be written.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

DATA=${DATA:-/data}
ARCHIVE=${ARCHIVE:-/archive}

require KEEP

name="$ARCHIVE/data-$(date -u +%Y%m%dT%H%M%SZ).tar.gz"
if ! tar -czf "$name" -C $DATA .; then
  log "could not write $name"
  exit 74
fi

# TODO: may an archive be deleted before a newer one was read back?
ls -1t $ARCHIVE/data-*.tar.gz | tail -n +$KEEP | xargs -r rm
log "wrote $name"
