#!/bin/sh
# model_faults.sh - model files that are cut, garbled, lying or not there: one clear line and a status for
# each, no latency of theirs anywhere, and never a crash of chimera. TAP. usage: model_faults.sh CHIMERA
set -u
chimera=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export CHIMERA_CACHE="$work/cache"

has() { # PATTERN FILE
    grep -q -- "$1" "$2" || {
        echo "no '$1' in $2:"
        cat "$2"
        false
    }
}

skipped=
available() { "$chimera" doctor 2>/dev/null | grep -q "^  yes $1 "; }
for backend in onnxruntime-cpu llamacpp-cpu transformers-cpu; do
    available "$backend" || skipped="$skipped $backend"
done

# ---- whole models, and a way to damage a copy

good="synth:gpt2/L=1,d=32,h=2,vocab=300,ctx=32,seed=9"
"$chimera" -q model synth "$good" -o good >out 2>err || { echo "Bail out! $(cat err)"; exit 1; }
"$chimera" -q model export good --format onnx -o good.onnx.d >out 2>err || { echo "Bail out! $(cat err)"; exit 1; }
"$chimera" -q model export good --format gguf -o good.gguf >out 2>err || { echo "Bail out! $(cat err)"; exit 1; }

hf() { rm -rf "$1" && cp -r good "$1"; }
onnx() { rm -rf "$1" && cp -r good.onnx.d "$1"; }
cut_to() { truncate -s "$2" "$1"; } # FILE BYTES
overwrite() { printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null; } # FILE OFFSET BYTES

size=$(stat -c %s good/model.safetensors)
hf st_0 && cut_to st_0/model.safetensors 0
hf st_5 && cut_to st_5/model.safetensors 5
hf st_header && cut_to st_header/model.safetensors 200
hf st_half && cut_to st_half/model.safetensors $((size / 2))
hf st_last && cut_to st_last/model.safetensors $((size - 1))
hf st_length && overwrite st_length/model.safetensors 0 '\377\377\377\377\377\377\377\177'
hf st_json && overwrite st_json/model.safetensors 8 'garbage!'
hf st_folder && rm st_folder/model.safetensors && mkdir st_folder/model.safetensors
hf config_lies && sed -i 's/"n_embd": *32/"n_embd": 64/' config_lies/config.json
hf config_layers && sed -i 's/"n_layer": *1/"n_layer": 3/' config_layers/config.json
hf config_short && printf '{"model_type": "gpt2"}\n' >config_short/config.json
hf config_text && printf 'no JSON at all\n' >config_text/config.json
hf config_folder && rm config_folder/config.json && mkdir config_folder/config.json
hf no_tokenizer && rm -f no_tokenizer/tokenizer.json no_tokenizer/vocab.json no_tokenizer/merges.txt
hf no_weights && rm no_weights/model.safetensors
mkdir empty
hf_faults="st_0 st_5 st_header st_half st_last st_length st_json st_folder config_lies config_layers config_short config_text config_folder no_weights empty"

bytes=$(stat -c %s good.gguf)
for cut in 0 3 20 1000 $((bytes / 2)) $((bytes - 1)); do
    cp good.gguf "gguf_$cut.gguf"
    cut_to "gguf_$cut.gguf" "$cut"
    gguf_faults="${gguf_faults:-} gguf_$cut.gguf"
done
cp good.gguf gguf_magic.gguf && overwrite gguf_magic.gguf 0 'NOPE'
cp good.gguf gguf_count.gguf && overwrite gguf_count.gguf 8 '\377\377\377\377\377\377\377\177'
cp good.gguf gguf_key.gguf && overwrite gguf_key.gguf 24 '\377\377\377\377\377\377\377\177'
mkdir gguf_folder.gguf
gguf_faults="$gguf_faults gguf_magic.gguf gguf_count.gguf gguf_key.gguf"

graph=$(stat -c %s good.onnx.d/model.onnx) data=$(stat -c %s good.onnx.d/model.onnx.data)
onnx onnx_0 && cut_to onnx_0/model.onnx 0
onnx onnx_half && cut_to onnx_half/model.onnx $((graph / 2))
onnx onnx_garbled && overwrite onnx_garbled/model.onnx 0 'garbage garbage garbage'
onnx data_0 && cut_to data_0/model.onnx.data 0
onnx data_half && cut_to data_half/model.onnx.data $((data / 2))
onnx data_gone && rm data_gone/model.onnx.data
onnx notes_text && printf 'no JSON\n' >notes_text/chimera.json
onnx_faults="onnx_0 onnx_half onnx_garbled data_0 data_half data_gone notes_text"

# ---- inspect, export, verify: one line, exit 1 (3 where the model is not there)

one_line() { # ARGS...
    want=1
    case $* in *nowhere*) want=3 ;; esac
    "$chimera" -q "$@" >out 2>err
    code=$?
    [ "$code" = $want ] && [ "$(wc -l <err)" = 1 ] && grep -q '^chimera: ' err || {
        echo "chimera $*: exit $code"
        cat err out
        false
    }
}
for f in $hf_faults; do
    ok "inspect $f" one_line model inspect "./$f"
    ok "export $f" one_line model export "./$f" --format gguf -o exported
    ok "verify $f" one_line model verify "./$f"
    ok "nothing is left of the export of $f" test ! -e exported
done
for f in $gguf_faults gguf_folder.gguf $onnx_faults; do ok "inspect $f" one_line model inspect "./$f"; done
for f in nowhere nowhere.gguf; do
    ok "inspect a model that is not there, $f" one_line model inspect "./$f"
    ok "verify a model that is not there, $f" one_line model verify "./$f"
done
ok "the missing bytes are counted" sh -c \
    '"$1" model inspect ./gguf_'$((bytes - 1))'.gguf 2>&1 | grep -q "truncated: 1 bytes"' - "$chimera"
{
    printf 'GGUF\003\0\0\0\0\0\0\0\0\0\0\0\001\0\0\0\0\0\0\0\024\0\0\0\0\0\0\0general.architecture'
    printf '\010\0\0\0\006\0\0\0\0\0\0\0a\033[2Jb'
} >escape.gguf
ok "what a terminal would obey is not printed" sh -c '"$1" model inspect ./escape.gguf | grep -q "architecture  a?\[2Jb"' - "$chimera"

# ---- plan and run

experiment() { # FILE BACKEND MODELS...
    file=$1 backend=$2
    shift 2
    {
        printf 'repetitions: 1\nwarmup_runs: 0\ninvocations: 1\nmax_tokens: 2\nprompt_sets: {p: [one two]}\n'
        printf 'scenarios: [{name: s, prompt_set: p}]\nbackends: [%s]\nmodels:\n' "$backend"
        for model; do printf '  - {name: "./%s"}\n' "$model"; done
    } >"$file"
}
numbers() { # DIR MODEL: no latency of the model in any file
    ! find "$1/runs" -path "*$2/*" -name samples.jsonl -exec grep '"latency_ms":[0-9]' {} + | grep . &&
        ! grep -hs "/$2," "$1/samples.csv" &&
        ! grep -hs "/$2," "$1/metrics.csv" | grep -E ',(ok|degraded),|,[0-9]+\.[0-9]+,'
}
cell() { # DIR MODEL STATUSES
    error=$(find "$1/runs" -path "*$2/error.txt")
    [ -n "$error" ] || { echo "no error.txt of $2"; return 1; }
    grep -E "^status: ($3)\$" "$error" >/dev/null && grep -q '^reason: ..........' "$error" || {
        cat "$error"
        false
    }
}
faults() { # BACKEND STATUSES MODELS...
    backend=$1 statuses=$2
    shift 2
    experiment x.yaml "$backend" "$@" good
    "$chimera" plan x.yaml >out 2>err
    ok "plan of damaged models for $backend is exit 0" test $? = 0
    case $skipped in *" $backend"*)
        skip "run on $backend" "$backend is not here"
        return
        ;;
    esac
    rm -rf dir
    "$chimera" -q run x.yaml -o dir >out 2>err
    code=$?
    ok "run on $backend ends with 1" sh -c '[ "$1" = 1 ] || { echo "exit $1"; cat err; false; }' - "$code"
    for f; do
        ok "$backend says what is wrong with $f" cell dir "$f" "$statuses"
        ok "and nothing was measured of $f on $backend" numbers dir "$f"
    done
    ok "the model that is whole ran on $backend" sh -c \
        'grep -q "\"status\":\"ok\"" "$(find dir/runs -path "*good/samples.jsonl")"'
    ok "and its record bears the hash of its files" sh -c \
        'grep -qE "^    \"sha256\": \"[0-9a-f]{64}\"" "$(find dir/runs -path "*good/run_0.json")"'
}
what='error|unavailable|incompatible'
# shellcheck disable=SC2086  # lists of names without blanks
{
    faults onnxruntime-cpu "$what" $hf_faults $onnx_faults no_tokenizer nowhere
    faults llamacpp-cpu "$what" $hf_faults $gguf_faults gguf_folder.gguf no_tokenizer nowhere
    faults transformers-cpu "$what" st_half config_layers no_tokenizer nowhere
}
experiment x.yaml onnxruntime-cpu nowhere
"$chimera" plan x.yaml >out 2>err
ok "plan says how to get a model that is not there" has "unavailable.*nowhere.*put a Hugging Face folder" out
"$chimera" -q run x.yaml -o none >out 2>err
ok "where no model is there nothing can run" test $? = 3
echo "1..$n"
exit $failed
