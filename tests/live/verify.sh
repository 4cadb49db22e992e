#!/bin/sh
# verify.sh - all engines that are here give the same logits, for 2, 8 and 12 layers. TAP. usage: verify.sh CHIMERA
set -u
chimera=$1
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT
export CHIMERA_CACHE="$cache"
n=0 failed=0
for layers in 2 8 12; do
    out=$("$chimera" -q model verify "synth:gpt2/L=$layers,d=128,h=4,vocab=1000,ctx=128" 2>&1)
    code=$?
    n=$((n + 1))
    case $code in
    0) echo "ok $n - $layers layers" ;;
    3) echo "ok $n - $layers layers # SKIP $(printf '%s\n' "$out" | tail -1)" ;;
    *) echo "not ok $n - $layers layers" && failed=1 ;;
    esac
    printf '%s\n' "$out" | sed 's/^/# /'
done
# A head of one element: who can take it agrees, who cannot says so.
out=$("$chimera" -q model verify "synth:gpt2/L=2,d=2,h=2,vocab=1000,ctx=128" 2>&1)
code=$?
n=$((n + 1))
if [ $code = 0 ] || [ $code = 3 ]; then
    echo "ok $n - a head of one element"
else
    echo "not ok $n - a head of one element" && failed=1
fi
printf '%s\n' "$out" | sed 's/^/# /'
n=$((n + 1))
case $out in
*"llamacpp-cpu "*"incompatible: llama.cpp cannot take a head of one element"*) echo "ok $n - llama.cpp says that it cannot" ;;
*"llamacpp-cpu "*unavailable*) echo "ok $n - llama.cpp says that it cannot # SKIP it is not here" ;;
*) echo "not ok $n - llama.cpp says that it cannot" && failed=1 ;;
esac
echo "1..$n"
exit $failed
