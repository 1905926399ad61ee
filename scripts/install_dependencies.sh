#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes sure that the Debian/Ubuntu packages are there that building needs; with --tests those for testing too, with
# --cross those for other processors (scripts/cross-check.sh).
# Installs what is missing as root or with sudo; --no-install only lists it and fails.
set -euo pipefail

build_packages=(cmake g++ libcli11-dev libhdf5-dev libspdlog-dev libssl-dev ninja-build nlohmann-json3-dev
                zlib1g-dev)
test_packages=(hdf5-tools libboost-context-dev libgmock-dev libgtest-dev libmpfr-dev libsimde-dev procps python3
               python3-h5py python3-numpy)
cross_packages=(g++-aarch64-linux-gnu qemu-user)

packages=("${build_packages[@]}")
install=yes
for argument in "$@"; do
  case "$argument" in
    --tests) packages+=("${test_packages[@]}") ;;
    --cross) packages+=("${cross_packages[@]}") ;;
    --no-install) install=no ;;
    *) echo "install_dependencies.sh: unknown argument $argument" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "Missing packages: ${missing[*]}"
if [ "$install" = no ]; then
  echo "Install them with: apt-get install ${missing[*]}" >&2
  exit 1
fi
run=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Not root and no sudo: apt-get install ${missing[*]}" >&2; exit 1; }
  run=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${run[@]}" apt-get update -qq
"${run[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
