# shellcheck shell=bash
# In the guest: DRM nodes that come and go, and users in and outside of group `render`.

# There is no udev here, which gives the nodes to the group.
grant() {
  chgrp render /dev/dri/renderD* && chmod 660 /dev/dri/renderD*
}

load() { # modules of the kernel, vgem or virtio_gpu
  local name module
  for name in "$@"; do
    # Each line of the list comes after those that it needs; what is loaded already is no error.
    while read -r module; do
      /run/tools/busybox insmod "/run/modules/$module.ko" 2>/dev/null || true
      [ "$module" != "$name" ] || break
    done < <(grep -v -x -e vgem -e virtio_gpu /run/modules/all; echo "$name")
    [ -d "/sys/module/$name" ] || { echo "guest: $name is not loaded" >&2; return 1; }
  done
  grant
}

unload() { # module
  /run/tools/busybox rmmod "$1"
}

# The machine whose files these are may be a container: the guest is none.
rm -f /.dockerenv /run/.containerenv

grep -q '^render:' /etc/group || echo 'render:x:992:' >>/etc/group
grep -q '^insider:' /etc/passwd || printf '%s\n' 'insider:x:1201:1201::/tmp/insider:/bin/bash' \
  'outsider:x:1202:1202::/tmp/outsider:/bin/bash' >>/etc/passwd
grep -q '^insider:' /etc/group || printf '%s\n' insider:x:1201: outsider:x:1202: >>/etc/group
sed -i 's/^\(render:.*:\)$/\1insider/' /etc/group
ln -sfn /proc/self/fd /dev/fd
mkdir -p /tmp/insider /tmp/outsider
chown 1201:1201 /tmp/insider
chown 1202:1202 /tmp/outsider

as() { # insider or outsider, command
  local user=$1
  shift
  setpriv --reuid "$user" --regid "$user" --init-groups env HOME="/tmp/$user" "$@"
}
