#!/usr/bin/env bash
# Runs vabuf in a virtual machine that has real DRM nodes, which a container or a build machine rarely has.
#
#   hwtests/guest/run.sh [VABUF]                the tests of checks.sh; VABUF is a release binary (built where it is missing)
#   hwtests/guest/run.sh --shell COMMAND...     runs COMMAND there as root, with both nodes
#
# QEMU emulates the machine (TCG: no KVM, no root rights in the guest's host are used by it). Its kernel is Debian 13's,
# with vgem and virtio-gpu as GPUs without a decoder; the software VA driver decodes. Its root is this machine's,
# read-only over 9p, under a layer in memory: what runs there is what is installed here.
# Where QEMU or the kernel cannot be had it says SKIPPED and exits 0, or 1 where VABUF_GUEST_REQUIRED=1.
#
# Kernel and programs are kept in .cache/guest (120 MB), and are fetched again when that folder is removed.
set -euo pipefail
cd "$(dirname "$0")/../.."
repository=$PWD
cache=$repository/.cache/guest
here=$repository/hwtests/guest
mirror=${VABUF_DEBIAN_MIRROR:-http://deb.debian.org/debian}
limit=${VABUF_GUEST_LIMIT:-900}

fail() {
  printf 'guest: %s\n' "$*" >&2
  exit 1
}

skip() {
  printf '\n*** SKIPPED: the guest stage: %s ***\n\n' "$*" >&2
  if [ "${VABUF_GUEST_REQUIRED:-}" = 1 ]; then exit 1; else exit 0; fi
}

install_qemu() {
  command -v qemu-system-x86_64 >/dev/null && return
  [ "$(id -u)" -eq 0 ] || skip "there is no qemu-system-x86_64, and no root rights to install it (apt install qemu-system-x86)"
  command -v apt-get >/dev/null || skip "there is no qemu-system-x86_64, and no apt-get to install it"
  echo "guest: installing qemu-system-x86"
  { DEBIAN_FRONTEND=noninteractive apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
    --no-install-recommends install qemu-system-x86; } >/dev/null </dev/null || skip "qemu-system-x86 cannot be installed"
}

# Fetches packages of Debian 13 with an apt of its own lists, whatever this machine runs, and unpacks them.
fetch() {
  local lists=$cache/apt kernel package
  local keys=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -e $keys ] || skip "Debian's keys are not here (apt install debian-archive-keyring)"
  mkdir -p "$lists/lists/partial" "$lists/cache/archives/partial" "$cache/packages"
  echo "deb [signed-by=$keys] $mirror trixie main" >"$lists/sources.list"
  apt_13() { # command, arguments
    local command=$1
    shift
    "$command" -qq -o Dir::Etc::SourceList="$lists/sources.list" -o Dir::Etc::SourceParts=/dev/null \
      -o Dir::State::Lists="$lists/lists" -o Dir::Cache="$lists/cache" -o Dir::Cache::pkgcache="" \
      -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
  }
  echo "guest: fetching a kernel (once; about a minute)"
  apt_13 apt-get update </dev/null || return 1
  kernel=$(apt_13 apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
  [ -n "$kernel" ] || return 1
  (cd "$cache/packages" && apt_13 apt-get download "$kernel" busybox-static </dev/null) || return 1
  rm -rf "$cache/tree"
  for package in "$cache"/packages/*.deb; do dpkg-deb -x "$package" "$cache/tree" || return 1; done
  rm -rf "$lists" "$cache/packages"
}

module_file() { # name
  local name=${1//[-_]/[-_]}
  find "$cache/tree" -name "$name.ko.xz" | head -n 1
}

# Each module after those that it needs.
modules=()
need() { # name
  local file name=${1//-/_} other
  case " ${modules[*]} " in *" $name "*) return ;; esac
  file=$(module_file "$name")
  [ -n "$file" ] || fail "the kernel package has no module $name"
  for other in $(xz -dc "$file" | tr '\0' '\n' | sed -n 's/^depends=//p' | tr , ' '); do need "$other"; done
  modules+=("$name")
  xz -dc "$file" >"$cache/initrd/modules/$name.ko"
}

make_initrd() {
  local busybox name
  rm -rf "$cache/initrd"
  mkdir -p "$cache"/initrd/{bin,modules,proc,sys,dev,lower,layer,new}
  busybox=$(find "$cache/tree" -path '*/bin/busybox' -type f | head -n 1)
  [ -n "$busybox" ] || fail "the package of busybox has no busybox"
  cp "$busybox" "$cache/initrd/bin/"
  for name in sh mount insmod mkdir cat poweroff chroot ln sleep; do ln -s busybox "$cache/initrd/bin/$name"; done
  for name in 9pnet_virtio 9p overlay; do need $name; done
  printf '%s\n' "${modules[@]}" >"$cache/initrd/modules/first"
  for name in vgem virtio_gpu; do need $name; done
  printf '%s\n' "${modules[@]}" >"$cache/initrd/modules/all"
  cp "$here/init" "$cache/initrd/init"
  chmod 755 "$cache/initrd/init"
  (cd "$cache/initrd" && find . | cpio --quiet -o -H newc | gzip -1) >"$cache/initrd.gz"
}

boot() { # what to run there, a file in $share
  local kernel
  kernel=$(find "$cache/tree/boot" -name 'vmlinuz-*' | head -n 1)
  # /dev/kvm may be there and yet not run such a kernel: TCG runs it everywhere.
  timeout --kill-after 10 "$limit" qemu-system-x86_64 -accel tcg -cpu max -M pc -m 1024 -smp 2 -nodefaults \
    -display none -no-reboot -serial "file:$share/console" -vga none -device virtio-gpu-pci -device virtio-rng-pci \
    -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
    -device virtio-9p-pci,fsdev=root,mount_tag=root \
    -fsdev local,id=share,path="$share",security_model=none -device virtio-9p-pci,fsdev=share,mount_tag=share \
    -kernel "$kernel" -initrd "$cache/initrd.gz" -append "console=ttyS0 quiet panic=-1 loglevel=3 net.ifnames=0" </dev/null
}

[ "$(uname -m)" = x86_64 ] || skip "the guest is for x86-64"
install_qemu
for tool in cpio xz dpkg-deb apt-get; do
  command -v $tool >/dev/null || skip "there is no $tool here"
done
if ! [ -e "$cache/complete" ]; then
  rm -rf "$cache"
  mkdir -p "$cache"
  fetch || skip "Debian 13's kernel cannot be fetched from $mirror: is there a network? VABUF_DEBIAN_MIRROR names another"
  touch "$cache/complete"
fi
make_initrd

share=$(mktemp -d)
trap 'rm -rf "$share"' EXIT
if [ "${1:-}" = --shell ]; then
  shift
  printf '. %q\nload vgem virtio_gpu\ncd %q\n%s\n' "$here/nodes.sh" "$repository" "$*" >"$share/command"
else
  vabuf=${1:-}
  if [ -z "$vabuf" ]; then
    swift build -c release --static-swift-stdlib --product vabuf </dev/null
    vabuf=$(swift build -c release --show-bin-path)/vabuf
  fi
  vabuf=$(realpath "$vabuf")
  driver=$(hwtests/with-software-driver printenv LIBVA_DRIVERS_PATH)
  # The guest reads this machine's files; these two it gets where no user is shut out.
  mkdir -p "$share/drivers"
  cp "$vabuf" "$share/vabuf"
  cp "$driver/softva_drv_video.so" "$share/drivers/"
  ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=160x96:r=25 -frames:v 8 -c:v libx264 -threads 1 -pix_fmt yuv420p \
    "$share/clip.mp4"
  ffmpeg -v error -nostdin -i "$share/clip.mp4" -f framemd5 - | sed -n 's/^0,.*, *//p' >"$share/clip.md5"
  chmod -R a+rX "$share"
  printf '. %q\n. %q\n' "$here/nodes.sh" "$here/checks.sh" >"$share/command"
fi

start=$SECONDS
boot || echo "guest: qemu ended with $?" >&2
echo "guest: $((SECONDS - start)) s"
cat "$share/output" 2>/dev/null || true
if ! [ -e "$share/status" ]; then
  tail -n 40 "$share/console" >&2
  fail "the guest came to no end within $limit s (its console is above)"
fi
exit "$(cat "$share/status")"
