"""These are projects that tests work on; their own tests are no tests of Rolecall."""

collect_ignore_glob = ["*"]
