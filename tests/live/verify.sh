#!/bin/sh
# verify.sh - all engines that are here give the same logits, in every family; for GPT-2, at 2, 8 and 12 layers. TAP.
# usage: verify.sh CHIMERA
set -u
chimera=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CHIMERA_CACHE="$work/cache"
n=0 failed=0

# check WHAT MODEL [WORDS]: verified, and the words (a pattern of the shell) stand in what is printed.
check() {
    out=$("$chimera" -q model verify "$2" 2>&1)
    code=$?
    n=$((n + 1))
    case $code:$out in
    3:*) echo "ok $n - $1 # SKIP $(printf '%s\n' "$out" | tail -1)" ;;
    0:*${3:-}*) echo "ok $n - $1" ;;
    *) echo "not ok $n - $1" && failed=1 ;;
    esac
    printf '%s\n' "$out" | sed 's/^/# /'
}

for layers in 2 8 12; do
    check "gpt2, $layers layers" "synth:gpt2/L=$layers,d=128,h=4,vocab=1000,ctx=128"
done
# What sets the families apart, and of the variants those that change the graph: shared keys, scaled rotary embeddings,
# a head of its own, biases, windows that are shorter than the sequences.
small=L=3,d=64,h=4,ff=172,vocab=1000,ctx=128
check llama "synth:llama/$small,kv=2,rope=llama3,tied=0,bias=1"
check "llama, yarn" "synth:llama/$small,kv=1,rope=yarn,tied=1"
check "qwen2, bf16 in shards" "synth:qwen2/$small,kv=2,dtype=bf16,shards=3"
check qwen3 "synth:qwen3/$small,kv=2,hd=32"
check "gemma3, local and global layers" "synth:gemma3/L=4,global=3,d=64,h=4,ff=172,vocab=1000,ctx=128,kv=2,hd=32,window=16"
case $out in
*"llamacpp-cpu "*unavailable*) refused= ;;
*) refused="does not apply this model's sliding window" ;;
esac
check "mistral, a window: llama.cpp has none and says so" "synth:mistral/$small,kv=2,window=16" "$refused"

# A folder that transformers itself wrote.
python=${CHIMERA_PYTHON:-python3}
n=$((n + 1))
if "$python" -c 'import torch, transformers' 2>/dev/null; then
    n=$((n - 1))
    "$chimera" -q model synth "synth:llama/$small,kv=2" -o "$work/synth" >/dev/null
    "$python" - "$work/synth" "$work/saved" >/dev/null 2>&1 <<'END'
import sys, torch, transformers as t
t.AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.bfloat16).save_pretrained(sys.argv[2], max_shard_size="200KB")
t.AutoTokenizer.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[2])
END
    check "a folder that transformers saved, bf16 in $(find "$work/saved" -name '*.safetensors' | wc -l) files" "$work/saved"
else
    echo "ok $n - a folder that transformers saved # SKIP no torch or transformers in $python"
fi

# A head of one element: who can take it agrees, who cannot says so.
check "a head of one element" "synth:gpt2/L=2,d=2,h=2,vocab=1000,ctx=128"
n=$((n + 1))
case $out in
*"llamacpp-cpu "*"incompatible: llama.cpp cannot take a head of one element"*) echo "ok $n - llama.cpp says that it cannot" ;;
*"llamacpp-cpu "*unavailable*) echo "ok $n - llama.cpp says that it cannot # SKIP it is not here" ;;
*) echo "not ok $n - llama.cpp says that it cannot" && failed=1 ;;
esac
echo "1..$n"
exit $failed
