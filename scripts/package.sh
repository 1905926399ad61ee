#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the package: one tarball that can be unpacked anywhere and run without root, compilers or other packages.
#
#   scripts/package.sh [--cuda] [--architectures LIST] [--check] [--tree DIR] [--out DIR] [--no-install]
#
#   --cuda   with the CUDA module for every supported GPU (needs nvcc), or with
#            --architectures 90, say, for some, as CMake names them: that is built sooner
#   --check  tries the tarball where there is nothing else: in a tree that holds this machine's C library alone, or in
#            the tree DIR (made by debootstrap, say). Needs root, or a kernel that lets users have namespaces.
#   --out    where the tarball goes (default: build/)
#
# Exit status: 0 done; 1 the package did not behave; 77 --check could not be done here.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=package
check=no
tree=
out=build
install_arguments=()
options=()
while [ $# -gt 0 ]; do
  case "$1" in
    --cuda) preset=package-cuda ;;
    --check) check=yes ;;
    --tree | --out | --architectures) [ $# -gt 1 ] || { echo "package.sh: $1 needs a value" >&2; exit 2; } ;;&
    --architectures) preset=package-cuda; options+=("-DCMAKE_CUDA_ARCHITECTURES=$2"); shift ;;
    --tree) tree=$2; check=yes; shift ;;
    --out) out=$2; shift ;;
    --no-install) install_arguments+=(--no-install) ;;
    -h | --help) sed -n '3,14s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "package.sh: unknown argument $1" >&2; exit 2 ;;
  esac
  shift
done

scripts/install_dependencies.sh "${install_arguments[@]}"
[ "${CI:-}" = true ] && options+=(-DREPROTRAIN_WERROR=ON)
cmake --preset "$preset" "${options[@]}" >/dev/null
cmake --build --preset "$preset"
rm -f "build/$preset"/reprotrain-*.tar.xz
cpack --preset "$preset" >/dev/null
mkdir -p "$out"
tarball=$(echo "build/$preset"/reprotrain-*.tar.xz)
mv "$tarball" "$out/"
tarball=$out/${tarball##*/}
echo "package.sh: $tarball ($(du -h "$tarball" | cut -f1))"
[ "$check" = yes ] || exit 0

inside=(unshare --mount)
[ "$(id -u)" -eq 0 ] || inside=(unshare --mount --map-root-user)
"${inside[@]}" true 2>/dev/null || { echo "package.sh: not checked, unshare is not allowed here" >&2; exit 77; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ -z "$tree" ]; then
  tree=$scratch/tree
  mkdir -p "$tree/tmp"
  for library in $(ldd build/$preset/bin/reprotrain | grep -oE '/[^ ]*/(ld-linux[^ ]*|lib(c|m)\.so\.[0-9]+)'); do
    install -D "$(readlink -f "$library")" "$tree$library"
  done
fi
mkdir -p "$tree/opt" "$tree/proc" "$tree/dev"
home=$(mktemp -d "$tree/opt/moved-XXXXXX")
trap 'rm -rf "$home" "$scratch"' EXIT
tar -xJf "$tarball" -C "$home" --strip-components=1

# reprotrain ARGUMENT...: the unpacked program, which sees nothing but the tree.
reprotrain() {
  # shellcheck disable=SC2016
  env -i "${inside[@]}" sh -c 'mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$@"' "$tree" "$tree" \
    "${home#"$tree"}/bin/reprotrain" "$@"
}

# The module needs nothing but glibc and what lies beside it, and does not mind that there is no driver.
if [ "$preset" = package-cuda ]; then
  module=$home/lib/reprotrain/libreprotrain_cuda.so
  foreign=$(readelf -d "$module" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(ld-linux.*|lib(c|dl|m|pthread|rt))\.so\.[0-9]+$' || true)
  for library in $foreign; do
    [ -e "$home/lib/reprotrain/$library" ] || { echo "package.sh: the CUDA module needs $library, which is missing" >&2; exit 1; }
  done
  paths=$(readelf -d "$module" | sed -n 's/.*(R\(UN\)\{0,1\}PATH).*\[\(.*\)\]/\2/p')
  [ "$paths" = "\$ORIGIN" ] || { echo "package.sh: the CUDA module looks for libraries in '$paths'" >&2; exit 1; }
  reprotrain env >"$scratch/env.log"
  grep -qE '^  CUDA module +for CUDA [0-9]' "$scratch/env.log" &&
    grep -qE '^  NVIDIA driver +none: this machine has no NVIDIA driver' "$scratch/env.log" ||
    { cat "$scratch/env.log" >&2; exit 1; }
fi

share=${home#"$tree"}/share/reprotrain
run=${home#"$tree"}/run
reprotrain selftest --device cpu >"$scratch/selftest.log" || { cat "$scratch/selftest.log" >&2; exit 1; }
reprotrain --config "$share/configs/digits/digits.json" --out "$run" --progress none >"$scratch/run.log"
reprotrain verify "$run" >"$scratch/verify.log" || { cat "$scratch/verify.log" >&2; exit 1; }
reprotrain data import "$share/configs/digits/digits.csv" --out "$run/digits.h5" >"$scratch/import.log"
reprotrain data show "$run/digits.h5" >"$scratch/show.log"
expected=$(sed -n 's/^digits \(rr1:[0-9a-f]*\).*/\1/p' "$tree$share/examples.kat")
actual=$(sed -n 's/^ *"result_id": "\(.*\)",\{0,1\}$/\1/p' "$tree$run/run.json")
[ -n "$expected" ] && [ "$actual" = "$expected" ] ||
  { echo "package.sh: digits gave '$actual' instead of $expected" >&2; exit 1; }
echo "package.sh: in $([ "$tree" = "$scratch/tree" ] && echo "a tree with a C library alone" || echo "$tree"):" \
  "selftest, training, verify and HDF5 as everywhere ($actual)$([ "$preset" = package-cuda ] && echo ", with the CUDA module and no driver")"
