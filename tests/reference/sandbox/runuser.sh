#!/bin/sh
# `runuser` without what only the tests have: the variable that leads to the data of the server that
# other samples use, and the settings in the checkout, which come before those of the service.
unset PIVOTAL_DATA_DIR
cd /
exec /usr/sbin/runuser "$@"
