#!/bin/sh
# `runuser` without the variable that leads to the data of the server that other samples use.
unset PIVOTAL_DATA_DIR
exec /usr/sbin/runuser "$@"
