#!/usr/bin/env bats

setup() {
  export DATA="$BATS_TEST_TMPDIR/data" ARCHIVE="$BATS_TEST_TMPDIR/archive"
  mkdir "$DATA" "$ARCHIVE"
}

@test "ends with 64 where KEEP is not set" {
  run backup/backup.sh

  [ "$status" -eq 64 ]
}
