# shellcheck shell=bash
# Sourced by scripts that run things in another Debian: makes a root, and enters it in a mount namespace of its own, so
# that nothing is left mounted however it ends. The Swift toolchain is mounted into it, at /toolchain.
#
#   debian_root_make SUITE FOLDER PACKAGES   once; made again when PACKAGES change
#   debian_root_mount FOLDER                 inside of `unshare --mount`: /dev, /proc, /tmp, the toolchain, git's rewrites
#   debian_root_run FOLDER COMMAND...        after that; VABUF_STRICT, VABUF_SHORT and CI are passed on
debian_mirror=${VABUF_DEBIAN_MIRROR:-http://deb.debian.org/debian}

debian_root_obstacle() {
  [ "$(id -u)" -eq 0 ] || { echo "it needs root rights, to make and to enter a Debian root"; return; }
  unshare --mount --pid --fork true 2>/dev/null || echo "this machine allows no mount namespaces"
}

debian_root_make() {
  local suite=$1 root=$2 packages=$3
  [ "$(cat "$root/.packages" 2>/dev/null)" != "$packages" ] || return 0
  if ! command -v mmdebstrap >/dev/null; then
    echo "installing mmdebstrap"
    { DEBIAN_FRONTEND=noninteractive apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
      --no-install-recommends install mmdebstrap debian-archive-keyring; } >/dev/null </dev/null \
      || { echo "mmdebstrap cannot be installed: is there a network?" >&2; return 1; }
  fi
  echo "making a root of Debian $suite in $root (once; a minute or two)"
  mkdir -p "$(dirname "$root")"
  rm -rf --one-file-system "$root" "$root.new"
  unshare --mount mmdebstrap --quiet --variant=minbase --include="$packages" "$suite" "$root.new" "$debian_mirror" \
    </dev/null || {
    echo "mmdebstrap failed (above): is $debian_mirror reached from here? VABUF_DEBIAN_MIRROR names another" >&2
    return 1
  }
  printf '%s\n' "$packages" >"$root.new/.packages"
  mv "$root.new" "$root"
}

debian_root_bind() { # FOLDER, what, where
  mkdir -p "$1$3"
  mount --rbind "$2" "$1$3"
}

debian_root_mount() {
  local root=$1 toolchain key value folder
  # swift is TOOLCHAIN/usr/bin/swift, or a link to it.
  toolchain=$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")
  debian_root_bind "$root" "$toolchain" /toolchain
  debian_root_bind "$root" /dev /dev
  mount -t proc proc "$root/proc"
  mount -t tmpfs tmpfs "$root/tmp"
  # The same remotes as on the host: its git rewrites of addresses, and the folders that they point to.
  : >"$root/root/.gitconfig"
  git config --file "$root/root/.gitconfig" --add safe.directory '*'
  while read -r key value; do
    [ -n "$key" ] || continue
    git config --file "$root/root/.gitconfig" --add "$key" "$value"
    folder=${key#url.}
    folder=${folder%.insteadof}
    case $folder in file://*) folder=${folder#file://} ;; esac
    if [ -d "$folder" ] && ! mountpoint -q "$root$folder"; then debian_root_bind "$root" "$folder" "$folder"; fi
  done < <(git config --get-regexp '^url\..*\.insteadof$' 2>/dev/null || true)
}

debian_root_run() {
  local root=$1
  shift
  exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" CI="${CI:-}" \
    PATH=/toolchain/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin VABUF_STRICT="${VABUF_STRICT:-}" \
    VABUF_SHORT="${VABUF_SHORT:-}" "$@"
}
