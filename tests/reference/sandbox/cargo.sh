#!/bin/sh
# `cargo build --release` without its minutes of optimising: what was built for the tests is what
# stands in target/release.
set -eu
for word; do
    shift
    [ "$word" = --release ] || set -- "$@" "$word"
done
"$REAL_CARGO" "$@"
ln -sfn debug target/release
