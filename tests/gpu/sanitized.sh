#!/bin/sh
# A program with the CUDA Toolkit's compute-sanitizer, where there is a card and that is installed: sanitized.sh TOOL PROGRAM
"$2" --gtest_list_tests >/dev/null || exit 1
if ! [ -e /dev/nvidia0 ]; then
  echo "there is no card"
  exit 0
fi
PATH=$PATH:/usr/local/cuda/bin
command -v compute-sanitizer >/dev/null || {
  echo "compute-sanitizer is not installed"
  exit 0
}
exec compute-sanitizer --tool "$1" --error-exitcode 1 "$2"
