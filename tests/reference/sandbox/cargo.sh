#!/bin/sh
# `cargo build --release` without minutes of optimizing: uses the debug build of the tests as
# target/release.
set -eu
for word; do
    shift
    [ "$word" = --release ] || set -- "$@" "$word"
done
"$REAL_CARGO" "$@"
ln -sfn debug target/release
