#!/usr/bin/env bash
# Runs a script as root of a copy of this machine that is forgotten afterwards: an overlay of its file system, with processes and a
# network of its own. So a package can be installed, a user made and port 443 taken without a trace.
#
#   tests/packages/namespace.sh SCRIPT [ARGUMENT…]
#
# The copy sees what is on the disk of the machine, but nothing that is mounted, such as /tmp in memory.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rmdir "$scratch"' EXIT
unshare --mount --pid --net --fork --kill-child bash -euo pipefail -c '
  scratch=$1
  shift
  mount --make-rprivate /
  mount -t tmpfs tmpfs "$scratch"
  mkdir "$scratch"/{upper,work,root}
  mount -t overlay overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
  cd "$scratch/root"
  mount -t proc proc proc
  mount -t tmpfs tmpfs run
  mount -t tmpfs tmpfs tmp
  mount --rbind /dev dev
  # An installation of the machine is not part of the test.
  rm -rf etc/sigma var/lib/sigma
  # The loopback interface goes up (SIOCSIFFLAGS), without a tool that may be missing.
  python3 -c "import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack(\"16sh14x\", b\"lo\", 0x49))"
  exec chroot . env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8 "$@"
' namespace "$scratch" "$@"
