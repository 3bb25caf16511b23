#!/usr/bin/env bash
# Fuzzes the readers of weights and of expressions:  tests/fuzz/fuzz.sh FORMAT [SECONDS]
# FORMAT is a folder of corpus/. Needs clang with libFuzzer, and for weights LibTorch where ./reverie or REVERIE_LIBTORCH
# has it.
# What is found stays in build/fuzz: new inputs in FORMAT/, crashes as FORMAT-crash-*.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(dirname "$(dirname "$here")")
format=${1:?"one of: $(ls "$here/corpus" | tr '\n' ' ')"}
seconds=${2:-600}
compiler=${CXX:-clang++}
torch=${REVERIE_LIBTORCH:-$root/.deps/libtorch/torch}
build=$root/build/fuzz
mkdir -p "$build/$format"

if [ "$format" = expressions ]; then
  target=expressions headers=$root/host/expressions length=1024
  sources=("$root"/host/expressions/*.cpp "$root/host/settings/nearest.cpp")
  libraries=()
else
  target=weights headers=$root/host/weights length=8192
  sources=("$root"/host/weights/*.cpp)
  libraries=($(pkg-config --libs jsoncpp zlib) -L"$torch/lib" -Wl,-rpath,"$torch/lib" -ltorch_cpu -lc10)
fi

flags=(-std=c++20 -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined
  -fno-sanitize-recover=undefined -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  -I"$root/host" -I"$root/sdk/include" -isystem "$torch/include"
  $(pkg-config --cflags jsoncpp zlib))
objects=()
for source in "${sources[@]}" "$here/${target}_fuzzer.cpp"; do
  object=$build/$target-$(basename "$source" .cpp).o
  objects+=("$object")
  [ "$object" -nt "$source" ] && [ -z "$(find "$headers" -name '*.h' -newer "$object")" ] && continue
  echo "$source"
  "$compiler" "${flags[@]}" -c "$source" -o "$object"
done
"$compiler" -fsanitize=fuzzer,address,undefined "${objects[@]}" -o "$build/${target}_fuzzer" "${libraries[@]}"

# Leaks are looked for at the end only: a look after each input would take longer than the input.
OMP_NUM_THREADS=1 ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0 \
  exec "$build/${target}_fuzzer" -max_total_time="$seconds" -max_len="$length" -timeout=10 -rss_limit_mb=4096 \
  -dict="$here/$target.dict" -artifact_prefix="$build/$format-" -print_final_stats=1 \
  "$build/$format" "$here/corpus/$format"
