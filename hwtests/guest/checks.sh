# shellcheck shell=bash
# In the guest, after nodes.sh: what vabuf says of real DRM nodes. Ends with the number of checks that failed.
# In /tmp/share: vabuf, drivers/softva_drv_video.so, clip.mp4 and the MD5s of its frames.
cd /tmp/share || exit 1
passed=0 failed=0
dri=/usr/lib/x86_64-linux-gnu/dri
report=/tmp/report.json

# A probe that decodes nothing, or the clips of $clips: all of them would take minutes, as all takes longer here.
clips=""
probe() { # user, env, its settings
  local user=$1 extent=(--no-decode)
  shift
  if [ -n "$clips" ]; then extent=(--clips "$clips"); fi
  as "$user" "$@" ./vabuf probe --quiet "${extent[@]}" --step-limit 300 --refresh --json >$report 2>/tmp/errors
  status=$?
}

is() { # what, jq filter that is to be true
  if [ "$(jq "$2" $report 2>&1)" = true ]; then
    passed=$((passed + 1))
    return
  fi
  failed=$((failed + 1))
  echo "FAILED: $case: $1: not true: $2"
  jq -c '.devices[] | {path, access, driver, chosen, choice_reason}' $report 2>&1 | cut -c1-1500
  jq -c '.findings[]' $report 2>&1 | cut -c1-700
  head -c 1000 /tmp/errors
}

frames() { # user, options of env; all frames of the clip by VA-API, or the reason why not
  local user=$1
  shift
  as "$user" "$@" ./vabuf frame clip.mp4 --all --md5 --backend vaapi 2>/tmp/errors | cut -d' ' -f3 >/tmp/md5
}

are() { # what, command
  local what=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $case: $what"
    head -c 1000 /tmp/errors
  fi
}

# What takes so long: all of this is emulated.
begin() {
  [ -z "$case" ] || echo "guest: $case: $((SECONDS - since)) s"
  case=$1 since=$SECONDS
}

case="" since=0
softva=(LIBVA_DRIVERS_PATH=/tmp/share/drivers LIBVA_DRIVER_NAME=softva)
finding() { echo "[.findings[] | select(.code == \"$1\")] | length == ${2:-1}"; }

begin "no node"
probe insider env
is "exit status 0" "$status == 0"
is "no device" '.devices == []'
is "said" "$(finding no-render-node)"
is "no container, as the guest is none" '.host.container == null'

begin "one node"
load vgem
probe outsider env "${softva[@]}"
is "one device" '[.devices[].path] == ["/dev/dri/renderD128"]'
is "denied" '.devices[0].access | .openable == false and .mode == "0660" and .group.name == "render"'
is "the system's reason" '.devices[0].access.reason | test("EACCES|ermission")'
is "no driver is loaded" '.devices[0].driver == null and .devices[0].chosen == false'
is "said, with the command" \
  '[.findings[] | select(.code == "node-denied").commands[]] == ["sudo usermod -aG render outsider"]'
is "a user without groups" "$(finding user-without-groups)"
probe insider env "${softva[@]}"
is "open" '.devices[0].access.openable == true'
is "its driver runs" '.devices[0].driver | .works and .name == "softva" and .source == "environment"'
is "chosen" '.devices[0].chosen == true'
is "kernel driver" '.devices[0].kernel_driver == "vgem"'
is "claims" '[.devices[0].claims.profiles[].profile] | contains(["VAProfileH264High", "VAProfileAV1Profile0"])'
is "exports" '.devices[0].claims.exports | length > 0 and all(.works)'
is "not denied" "$(finding node-denied 0)"
is "what happens without the variables" '.devices[0].driver.without_environment | .works == false'
as insider env "${softva[@]}" vainfo --display drm --device /dev/dri/renderD128 2>/dev/null \
  | sed -n 's/^ *\(VAProfile[A-Za-z0-9_]*\) *:.*/\1/p' | sort >/tmp/vainfo
jq -r '.devices[0].claims.profiles[].profile' $report | sort >/tmp/claimed
are "the profiles of vainfo" diff /tmp/vainfo /tmp/claimed
frames insider env "${softva[@]}"
are "frames by the node are exact" diff clip.md5 /tmp/md5
clips=vp8-1080p
probe insider env "${softva[@]}"
clips=""
is "a clip is exact on the node" '.devices[0].evidence | map(.verdict) == ["exact"]'
is "and in software" '.software.evidence | map(.verdict) == ["exact"]'
frames outsider env "${softva[@]}"
are "a denied node gives none" [ ! -s /tmp/md5 ]
are "and says so" grep -q 'renderD128' /tmp/errors

begin "no driver file"
probe insider env
is "not there" '.devices[0].driver | .works == false and .name == "vgem" and .source == "libva" and .file_exists == false'
is "said" "$(finding driver-missing)"
is "not chosen" '.devices[0].chosen == false'

begin "nodes by other names"
as insider ./vabuf probe --quiet --no-decode --json --device /dev/dri/card0 >$report 2>/tmp/errors
is "a card is its render node" '.devices | length == 1 and .[0].path == "/dev/dri/renderD128"'
mv /dev/dri/renderD128 /dev/dri/renderD150
probe insider env
is "a node is told by its number" '.devices | length == 1 and .[0].path == "/dev/dri/renderD150" and .[0].card_node == "/dev/dri/card0"'
mv /dev/dri/renderD150 /dev/dri/renderD128
mknod /dev/dri/renderD160 c 226 160
chmod 666 /dev/dri/renderD160
probe insider env
is "a node that leads nowhere" "$(finding node-unusable)"
rm /dev/dri/renderD160

begin "the driver under libva's own name"
mkdir -p $dri
cp drivers/softva_drv_video.so $dri/vgem_drv_video.so
probe insider env
is "found without a variable" '.devices[0].driver | .works and .name == "vgem" and .source == "libva" and .without_environment == null'
is "its file" ".devices[0].driver.file == \"$dri/vgem_drv_video.so\""
is "nothing missing" "$(finding driver-missing 0)"
frames insider env
are "frames by libva's own search are exact" diff clip.md5 /tmp/md5
probe insider env LIBVA_DRIVER_NAME=nonsense
is "nonsense by environment" "$(finding driver-missing-by-environment)"
is "works without it" '.devices[0].driver.without_environment | .works and .name == "vgem"'

begin "two nodes"
load virtio_gpu
probe insider env
is "two devices" '[.devices[].kernel_driver] | contains(["vgem"]) and length == 2'
is "the one with a driver is chosen" '[.devices[] | select(.chosen).kernel_driver] == ["vgem"]'
is "the other has a PCI address" '[.devices[] | select(.bus == "pci") | .address | test("^0000:00:")] == [true]'
is "the other has no driver file" "$(finding driver-missing)"
is "the adapter has a node" '.host.adapters | length == 1 and .[0].has_node'
chgrp root /dev/dri/renderD128
probe insider env "${softva[@]}"
is "the first is denied, the second used" \
  '[.devices[] | .access.openable] == [false, true] and [.devices[] | .chosen] == [false, true]'
is "denied, said" "$(finding node-denied)"
frames insider env "${softva[@]}"
are "frames by the second node are exact" diff clip.md5 /tmp/md5
grant

begin "virtio-gpu only"
unload vgem
probe insider env
is "one device" '[.devices[].path] == ["/dev/dri/renderD129"]'
is "its driver is looked for by libva's name" '.devices[0].driver | .works == false and (.file | test("virtio_gpu_drv_video.so$"))'

begin ""
echo "guest: $passed passed, $failed failed"
exit $((failed > 99 ? 99 : failed))
