#!/bin/bash
set -euo pipefail
# The compiler packages of conda-forge set MESON_ARGS: the prefix, lib as the folder of libraries, a release build.
read -ra options <<<"${MESON_ARGS-}"
meson setup build "${options[@]}" --prefix="$PREFIX" --libdir=lib --buildtype=release -Dlibrary=true -Dtests=disabled
ninja -C build -j "${CPU_COUNT:-2}"
meson install -C build --no-rebuild
