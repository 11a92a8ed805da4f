#!/bin/sh
# Creates the file system of a sandbox and enters it. Runs in namespaces of its own.
set -eu
room=$1 shared=$2
mount -t tmpfs tmpfs "$room"
mkdir "$room/upper" "$room/work" "$room/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$room/upper,workdir=$room/work" "$room/root"
mkdir -p "$room/root$shared"
mount --bind "$shared" "$room/root$shared"
mount --rbind /dev "$room/root/dev"
mount --rbind /sys "$room/root/sys"
mount -t proc proc "$room/root/proc"
ip link set lo up
# Reports "ready" only after chroot, so that nothing is started before.
exec chroot "$room/root" sh -c "echo ready && exec sleep infinity"
