#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a folder with the aarch64 libraries that the program and its tests link to, out of Debian's arm64 packages.
#
#   scripts/make_aarch64_sysroot.sh [DIR]     (default build/aarch64-sysroot; kept when it is there and up to date)
#
# Works without root and leaves the machine's own package state alone: apt gets a private one, in which nothing is
# installed and the architecture is arm64; packages are unpacked, not installed. It reads this machine's package
# sources and keys. About 45 MB to download, 200 MB unpacked. Exit 77 when the packages cannot be had.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '3,9s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/.."

sysroot=${1:-build/aarch64-sysroot}
packages=(libc6-dev libcli11-dev libgmock-dev libgtest-dev libhdf5-dev libmpfr-dev libspdlog-dev libssl-dev
          libstdc++6 nlohmann-json3-dev zlib1g-dev)

made_from=$(sha256sum "$0" | cut -d ' ' -f 1)
if [ "$(cat "$sysroot/.made_from" 2>/dev/null)" = "$made_from" ]; then
  echo "sysroot $sysroot is there"
  exit 0
fi

mkdir -p "$(dirname "$sysroot")"
work=$(mktemp -d "$(cd "$(dirname "$sysroot")" && pwd)/sysroot.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/apt/{cache/archives/partial,lists/partial} "$work/unpacked"
: >"$work/apt/status"
cat >"$work/apt/apt.conf" <<CONFIGURATION
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
APT::Update::Post-Invoke-Success "";
Acquire::Languages "none";
Acquire::Retries "2";
Dir::Cache "$work/apt/cache";
Dir::Log "$work/apt";
Dir::State "$work/apt";
Dir::State::lists "$work/apt/lists";
Dir::State::status "$work/apt/status";
CONFIGURATION
export APT_CONFIG=$work/apt/apt.conf

echo "sysroot $sysroot: downloading ${packages[*]} (arm64)"
# A source without arm64 makes the update fail; what counts is whether the packages come.
apt-get update >"$work/apt/log" 2>&1 || true
if ! apt-get install --yes --download-only "${packages[@]}" >>"$work/apt/log" 2>&1; then
  tail -n 5 "$work/apt/log" >&2
  echo "make_aarch64_sysroot.sh: this machine's package sources do not give the arm64 packages" >&2
  exit 77
fi
for package in "$work"/apt/cache/archives/*.deb; do
  dpkg-deb --extract "$package" "$work/unpacked"
  dpkg-deb --show --showformat='${Package} ${Version}\n' "$package" >>"$work/unpacked/PACKAGES"
done

# Links such as libz.so -> /lib/... mean the sysroot's own /lib.
find "$work/unpacked" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
  ln -sfn "$(realpath --no-symlinks --relative-to="$(dirname "$link")" "$work/unpacked$(readlink "$link")")" "$link"
done
echo "$made_from" >"$work/unpacked/.made_from"
rm -rf "$sysroot"
mv "$work/unpacked" "$sysroot"
