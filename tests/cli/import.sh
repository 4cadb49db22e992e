#!/bin/sh
# import.sh - chimera import from outside: every format, what it takes, what it refuses, and that what it made is a
# results folder like any other. TAP. usage: import.sh CHIMERA SOURCE-ROOT
set -u
chimera=$(realpath "$1") root=$2
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

import() { # SOURCE ARGS...: into $work/d, which is fresh
    rm -rf d
    "$chimera" import "$@" -o d >out 2>err
}
takes() { # LABEL ARGS...
    label=$1
    shift
    import "$@"
    ok "$label" test $? = 0
}
refuses() { # LABEL EXIT PATTERN ARGS...: that status, the reason, and nothing written
    label=$1 want=$2 pattern=$3
    shift 3
    import "$@"
    got=$?
    # shellcheck disable=SC2016 # sh's own
    ok "$label" sh -c '[ "$1" = "$2" ] && grep -q -- "$3" err && [ ! -e d ] && [ -z "$(ls -d .*.import-* 2>/dev/null)" ]' - \
        "$got" "$want" "$pattern"
}
holds() { # LABEL FILE PATTERN
    ok "$1" grep -q -- "$3" "$2"
}
table() { printf "$@" >t.csv; } # FORMAT

tr117=$root/tests/oracle/chimera/tr117_cold_start_by_file.csv
tr118=$root/tests/oracle/chimera/tr118_crossover_points.csv
all=d/runs/imported/unknown/unknown/unknown/samples.jsonl

# ---- cells

takes "a row per cell" "$tr117" --map precision=quantization
ok "42 cells" sh -c '[ "$(wc -l <d/cells.jsonl)" = 42 ]'
holds "figures are as they stand" d/cells.jsonl '"precision":"fp32".*"first_ms":1061.902800000098,'
holds "what is not used is named" err "columns not used: ratio_first_over_median_rest, max_index"
holds "what is not known is said" err "model=unknown"
if "$chimera" analyze d >out 2>err; then
    ok "metrics.csv says where they come from" sh -c '[ "$(grep -c ",imported," d/metrics.csv)" = 42 ]'
    # TR117's own numbers, from the file: first row
    holds "mean and median are the source's" d/metrics.csv \
        '^dual_medium,transformers-gpu,fp16,unknown,ok,14,298.51283571432367,293.42554999857384,'
    holds "no interval without samples" d/statistical_analysis.json 'the source gives no samples'
    analysed=yes
else
    skip "analysis of imported cells" "$(head -c 100 err)"
    analysed=
fi
takes "throughput and model facts" "$tr118" --format csv --map tokens_per_s=ort_cpu_tok_s \
    --map params_millions=params:count --const backend=onnxruntime-cpu
holds "a unit is converted" d/cells.jsonl '"model":"gpt2","status":"ok","tokens_per_s":1433.7408987826927,"params_millions":124.439808,"n_layers":12.0,"d_model":768.0'

table 'backend,n_samples,mean_ms,std_ms,compared_with,p_value,ci_lower_ms,os\na,7,1.5,0.1,b,0.03,-0.5,linux\na,7,1.5,0.1,c,0.2,,linux\n'
takes "what a source states of comparisons" t.csv
ok "a row for each that a cell is compared with" sh -c '[ "$(wc -l <d/cells.jsonl)" = 2 ]'
holds "with whom, how sure, where" d/cells.jsonl '"host":"linux","versus":"b",.*"ci_low_ms":-0.5,"p_value":0.03}'
table 'backend,latency_ms,p_value,exponent,os\na,1.5,1,2,linux\na,1.6,1,2,windows\n'
takes "a column named like a statistic does not make samples cells" t.csv
holds "the systems that a cell ran on" d/cells.jsonl '"host":"linux, windows"'

# ---- samples

table 'latency_ms,ttft_ms,note\n10.50,1e1,"a, ""b""\n2nd"\n11,NaN,\n'
takes "a row per sample" t.csv
holds "numbers stay as they are written" $all '"latency_ms":10.50,"ttft_ms":1e1}'
holds "what is missing has no key" $all '"latency_ms":11}'
holds "the phase is not known" d/manifest.json '"phases_known": false'
holds "and that is said" err "has no phase"
table '\357\273\277Latency (ms),Model\r\n\r\n1.5,a/b\r\n2.5,a_b'
takes "a BOM, CRLF, an empty line, no end of the last line" t.csv
ok "names that share a folder's name do not share the folder" \
    sh -c '[ "$(find d/runs -name samples.jsonl | wc -l)" = 2 ] && [ "$(find d/runs -name run_0.json | wc -l)" = 2 ]'
table 'model;latency_ms\nm;1.5\n'
takes "semicolons" t.csv
holds "are found, and that is said" err "separated by semicolon"
table 'model\tlatency_ms\nm\t1.5\n'
takes "tabs" t.csv --delimiter tab
table 'latency,when,scenario\n0.25,2026-01-31T12:00:00.500Z,s\n0.5,2026-01-31T13:00:01.000+01:00,s\n'
takes "units and instants" t.csv --map latency_ms=latency:s --map started_at=when
holds "milliseconds" d/runs/s/unknown/unknown/unknown/samples.jsonl '"latency_ms":250'
# date -u -d 2026-01-31T12:00:00Z +%s: 1769860800
holds "one clock" d/runs/s/unknown/unknown/unknown/samples.jsonl \
    '"submitted_ns":1769860801000000000,"finished_ns":1769860801500000000'
table 'latency_ms,status,invocation,prompt_id,phase\n1,ok,0,apple,cold\n,failed,1,pear,measured\n3,success,1,apple,warm-up\n4,TIMEOUT,1,pear,measured\n'
takes "statuses, phases, words for prompts" t.csv
holds "a failure without latency" $all '"invocation":1,"phase":"measured","seq":0,"status":"error","reason":"the source gives no reason","prompt_index":1}'
holds "phases are known" d/manifest.json '"phases_known": true'
ok "a record for each invocation" test -s d/runs/imported/unknown/unknown/unknown/run_1.json
table 'latency_ms,repetition,prompt_index\n1,0,0\n2,0,1\n3,0,0\n'
takes "repeated rows" t.csv
holds "are kept and said" err "1 samples repeat.*row 4"
if [ "$analysed" ]; then
    ok "analyze reads what import made" "$chimera" analyze d --no-figure
    holds "three samples" d/metrics.csv '^imported,unknown,unknown,unknown,ok,3,2.0,2.0,1.0,'
fi
printf 'latency_ms\n1\n' | "$chimera" import - --format csv -o pipe >out 2>err
ok "standard input" test -s pipe/manifest.json

# ---- a column for each backend

table 'prompt_id,a (ms),b (s),tokens\n0,1,2,3\n1,2,,4\n2,3,4,5\n'
takes "a wide table with names of columns" t.csv --map 'latency_ms@onnx=a (ms)' --map 'latency_ms@torch=b (s):s'
wide() { echo "d/runs/imported/$1/unknown/unknown/samples.jsonl"; } # BACKEND
check "a sample for each place that holds one" "$(cat d/runs/*/*/*/*/samples.jsonl | wc -l)" 5
holds "in its unit, with what is common" "$(wide torch)" '"prompt_index":2,"latency_ms":4000.0,"tokens":5}'
holds "an empty place is counted" d/manifest.json '"empty_places": 1'
holds "the manifest says which column was whose" d/manifest.json '"backend": "torch"'
check "and how many rows the source has" "$(grep -c '"rows": 3' d/manifest.json)" 1
table 'prompt_id,ORT CPU latency_ms,torch_latency_s,ort_cpu_ttft_ms,speedup\n0,1,2,3,4\n1,2,3,4,5\n'
takes "names that engines and devices have" t.csv
holds "are said" err "latency_ms@ort_cpu=ORT CPU latency_ms, ttft_ms@ort_cpu=ort_cpu_ttft_ms, latency_ms@torch=torch_latency_s:s"
holds "a field of one of them" "$(wide ort_cpu)" '"latency_ms":2,"ttft_ms":4}'
table 'latency_ms_fp32,latency_ms_int8,backend\n1,2,x\n'
takes "names of precisions" t.csv
ok "are precisions" test -s d/runs/imported/x/int8/unknown/samples.jsonl
table 'rep,alpha_latency_ms,beta_latency_ms\n0,1,2\n'
refuses "other names are not guessed" 2 "alpha_latency_ms, beta_latency_ms look like .* --wide backend takes them" t.csv
takes "but taken when asked" t.csv --wide model
ok "as what was asked" test -s d/runs/imported/unknown/unknown/beta/samples.jsonl
table 'prefill_latency_ms,decode_latency_ms,latency_ms,cpu_latency_ms,gpu_latency_ms\n1,2,3,1,2\n'
takes "phases are no backends, and a column of the field's own goes first" t.csv
ok "one cell" test -s "$all"
table 'backend,onnx_latency_ms,torch_latency_ms\nx,1,2\n'
refuses "labels beside a backend" 2 "column 'backend' is it already" t.csv --map latency_ms@a=onnx_latency_ms
refuses "a word that --wide does not know" 2 "backend, precision, model, scenario, invocation or repetition" t.csv --wide backnd
refuses "nothing wide" 2 "no two columns" "$tr117" --wide backend
refuses "a label twice" 2 "latency_ms@a is mapped twice" t.csv --map latency_ms@a=onnx_latency_ms --map latency_ms@a=torch_latency_ms
refuses "a column twice says how" 2 "write latency_ms@NAME=COLUMN" t.csv --map latency_ms=onnx_latency_ms --map latency_ms=torch_latency_ms
refuses "no label" 2 "a label belongs behind" t.csv --map latency_ms@=onnx_latency_ms
table 'prompt_id,onnx_latency_ms,torch_latency_ms\n0,1,x\n1,1,2\n'
refuses "a malformed place" 1 "t.csv:2: latency_ms: 'x'" t.csv
takes "leaves its row out" t.csv --skip-bad
check "all of it" "$(cat d/runs/*/*/*/*/samples.jsonl | wc -l)" 2
lines() { printf "$@" >t.jsonl; } # FORMAT
lines '{"id":0,"lat":{"onnx":1,"torch":2}}\n'
takes "keys inside" t.jsonl --map latency_ms@onnx=lat.onnx --map latency_ms@torch=lat.torch
ok "are columns too" test -s "$(wide torch)"

table 'backend,spec.mode,latencies_ms,tokens\na,prefill,"[1.5, 2.5]","[7, 9]"\na,prefill,"[3.5, 4.5]",8\n'
takes "lists in fields" t.csv
ok "are samples" sh -c 'grep -q "\"latency_ms\":2.5,\"tokens\":9" "$1" && grep -q "\"latency_ms\":4.5,\"tokens\":8" "$1" && [ "$(wc -l <"$1")" = 4 ]' - d/runs/prefill/a/unknown/unknown/samples.jsonl
table 'backend,latency_ms\na,[]\nb,[x]\n'
refuses "a list of no numbers" 1 "t.csv:3: latency_ms: 'x' is no number" t.csv

table 'backend,$/1M tokens,$/h,Watts,idle_w\na,0.13,1.006,16.6,20.7\n'
takes "dollars" t.csv
holds "are what they are of" err 'power_w=Watts, idle_power_w=idle_w, cost_per_hour=$/h, cost_per_million=$/1M tokens'

# ---- well-known names, and what would be taken

takes "TR118's table as it is" "$tr118"
check "two backends of nine models" "$(grep -c '"backend":"ort_cpu"\|"backend":"torch_gpu"' d/cells.jsonl)" 18
holds "what was taken as what is said" err "params_millions=params:count, n_layers=n_layer, d_model=n_embd, tokens_per_s@ort_cpu=ort_cpu_tok_s"
"$chimera" audit d >out 2>err
ok "its law is found" sh -c 'tr -s " \n" " " <out | grep -q "exponent -0.5057334853 rests on tiny-gpt2 (leverage 0.805).* 76.41M"'
takes "TR117's as it is" "$tr117"
rm -rf d
"$chimera" import "$tr118" --dry-run >out 2>err
check "a dry run is done" $? 0
ok "and shows each column" grep -q '^torch_gpu_tok_s  tokens_per_s .*backend torch_gpu  by its name' out
ok "and what is not used" grep -q '^ratio .*not used' out
"$chimera" import "$tr118" --dry-run -o d --json >out 2>err
ok "as JSON too" grep -q '"dry_run": true' out
ok "and writes nothing" sh -c '[ ! -e d ] && [ -z "$(ls -d .*.import-* 2>/dev/null)" ]'
printf 'latency_ms\nx\n' >t.csv
"$chimera" import t.csv -n >out 2>err
check "a dry run refuses what an import refuses" $? 1
"$chimera" import --fields t.csv >out 2>err
ok "--fields of a file says how to see it" sh -c '[ "$1" = 2 ] && grep -q -- --dry-run err' - $?
table 'latency_ms,timestamp,success,sample_idx,quantization\n1,1700000000.5,1,0,int8\n2,1700000001.5,0,1,int8\n'
takes "a timestamp of no unit, success in digits" t.csv
holds "the first is left out" err "2 values of started_at are no instants"
holds "the second is a status" d/runs/imported/unknown/int8/unknown/samples.jsonl '"status":"error".*"repetition":1'
table 'latency_ms,status\n1,200\n2,503\n3,504\n'
takes "answers of HTTP" t.csv
check "are statuses" "$(sed 's/.*"status":"\([a-z]*\)".*/\1/' $all | xargs)" "ok error timeout"
table 'latency_ms,status\n1,1\n'
refuses "a status that could mean two things" 1 "'1' is no status" t.csv

# ---- jsonl

lines '{"model":"m","usage":{"output_tokens":7},"t":0.5,"ok":true,"x":[1]}\n\n{"model":"m","usage":{"output_tokens":8},"t":NaN,"ok":false}\n'
takes "objects on lines, keys inside them" t.jsonl --map latency_ms=t:s --map generated_tokens=usage.output_tokens --map status=ok
of_m=d/runs/imported/unknown/unknown/m/samples.jsonl
holds "values" $of_m '"seq":0,"status":"ok","latency_ms":500.0,"generated_tokens":7}'
holds "a missing one of a failure" $of_m '"seq":1,"status":"error".*"generated_tokens":8}'
holds "what is not used" err "columns not used: x"
printf '[{"latency_ms":1.25},\n {"latency_ms":"2.5"}]' >t.json
takes "an array" t.json --format jsonl
ok "two samples" sh -c '[ "$(wc -l <"$1")" = 2 ]' - "$all"
printf '{"latency_ms":3}' | "$chimera" import - --format jsonl -o pipe2 >out 2>err
ok "standard input" grep -q '"latency_ms":3.0}' pipe2/runs/imported/unknown/unknown/unknown/samples.jsonl
lines '{"latency_ms":1}\n{"latency_ms":\n'
refuses "a torn line" 1 "t.jsonl:2: no JSON" t.jsonl
lines '{"latency_ms":{"p50":1}}\n{"latency_ms":[[2]]}\n'
refuses "no value" 1 "t.jsonl:2: latency_ms: 'latency_ms' is an array" t.jsonl --map latency_ms=latency_ms
lines '{\n "latency_ms": 1\n}\n'
takes "a document over lines is a row" t.jsonl
lines '{"spec":{"backend":"a","rep":2,"mode":"prefill"},"latencies_ms":[1,2],\n "tokens":[5,6]}\n'
takes "an array of latencies is samples" t.jsonl
ok "each with its place and its tokens" grep -q '"prompt_index":1,"latency_ms":2.0,"tokens":6' d/runs/prefill/a/unknown/unknown/samples.jsonl
printf '{"of":"x","rows":[{"backend":"a","mode":"prefill","median_ms":3},{"backend":"a","mode":"decode","median_ms":4}]}' >t.json
takes "rows inside a document" t.json
ok "a mode is of the scenario" grep -q '"scenario":"decode"' d/cells.jsonl
printf '{"a":[{"median_ms":3}],"b":{"c":[{"median_ms":3}]}}' >t.json
refuses "two lists inside a document" 2 "2 lists that could be the rows: a (1), b.c (1); --rows KEY says which" t.json
takes "--rows says which" t.json --rows b.c
refuses "--rows that is not there" 2 "no such list of rows; it has: a (1), b.c (1)" t.json --rows c
lines '3\n'
refuses "no object" 1 "no object" t.jsonl
lines ''
refuses "an empty file" 1 "is empty" t.jsonl
lines '{"usage":{"tokns":3},"latency_ms":1}\n'
refuses "a key that is not there" 2 "did you mean 'usage.tokns'" t.jsonl --map tokens=usage.tokens

# ---- other tools' files (fixtures/import/ORIGIN.md); expected figures are Python's, from the files' own samples

fixtures=$root/tests/fixtures/import
tool() { # LABEL FORMAT FILE: imports, and analyses it
    takes "$1" "$fixtures/$3" --format "$2"
    cp err notes
    [ -z "$analysed" ] || ok "$1: is analysed" "$chimera" -q analyze d --no-figure
}
figures() { # LABEL ROW: of metrics.csv
    [ -z "$analysed" ] || holds "$1" d/metrics.csv "$2"
}
tool "llama-bench -o json" llama-bench llama-bench.json
figures "its samples' mean, median and deviation" \
    '^pp32,llamacpp-cpu,fp32,tiny,ok,5,0.889405[0-9]*,0.858066,0.092793621[0-9]*,'
figures "one model in two precisions" '^tg16,llamacpp-cpu,q8_0,tiny,ok,5,0.867369[0-9]*,0.86007[34]*[0-9]*,0.02154160[0-9]*,'
holds "avg_ts is a mean of rates" notes 'tg16 of tiny fp32: avg_ts 16482.* all tokens over the whole time are 16451'
rm -rf d
"$chimera" import "$fixtures/llama-bench.json" -o d >out 2>notes
ok "its format shows" grep -q "taken as --format llama-bench" notes
for x in guidellm.json:guidellm guidellm-0.2.json:guidellm vllm-detailed.json:vllm-bench aiperf.json:aiperf \
    llama-bench.jsonl:llama-bench llama-bench.csv:llama-bench aiperf.jsonl:aiperf aiperf.csv:aiperf; do
    "$chimera" import "$fixtures/${x%:*}" -n >out 2>err
    ok "${x%:*}: too" grep -q "taken as --format ${x#*:}" err
done
sed 's/^build_commit/latency_ms,build_commit/; 2,$s/^/1,/' "$fixtures/llama-bench.csv" >t.csv
refuses "a file with the marks of two formats" 2 "marks of llama-bench and of csv; --format says which" t.csv
takes "--format decides" t.csv --format llama-bench
takes "--map is of a table, whoever wrote it" "$fixtures/llama-bench.csv" --map latency_ms=avg_ns:ns
cp "$fixtures/aiperf.csv" t.txt
takes "whatever it is called" t.txt
printf '\357\273\277latency_ms;model\r\n1;m\r\n' >t.txt
takes "and a table of latencies too" t.txt
printf '| model | size |          test |                  t/s |\n| --- | --- | --- | --- |\n| a | 1 | pp32 | 3 ± 1 |\n' >t.md
refuses "llama-bench -o md" 1 "rates and no times; run it with -o json" t.md
printf 'CREATE TABLE IF NOT EXISTS llama_bench (\n  build_commit TEXT\n);\n' >t.sql
refuses "llama-bench -o sql" 1 "no samples; run it with -o json" t.sql
gzip -c "$fixtures/aiperf.json" >t.json
refuses "a compressed file" 1 "compressed with gzip; unpack it first" t.json
refuses "standard input without a format" 2 "standard input has no name" -
refuses "a tool's format from standard input" 2 "aiperf is read from a file" - --format aiperf
printf ' [{"latency_ms":1}]' >t.json
takes "an array of objects needs no --format" t.json
printf '{"latency_ms":1}' >t.json
takes "an object is a row" t.json
tool "llama-bench -o json" llama-bench llama-bench.json
holds "the machine" d/env.json '"model": "Intel(R) Xeon(R) Processor"'
holds "the parameters" d/cells.jsonl '"params_millions":0.34848'
tool "llama-bench -o jsonl" llama-bench llama-bench.jsonl
tool "llama-bench -o csv" llama-bench llama-bench.csv
holds "averages are rows" d/cells.jsonl '"scenario":"pp32".*"mean_ms":0.847742,"std_ms":0.051302,'
tool "llama-bench above 1.92 s" llama-bench llama-bench-slow.json
holds "its deviation is garbage, and that is said" notes 'stddev_ns is 3721382761 in the file and 116754444 from its samples'
figures "ours is of the samples" '^tg128,llamacpp-cpu,fp32,tiny,ok,5,1920.1990[0-9]*,1921.1[0-9]*,116.7544444[0-9]*,'
sed 's/"n_threads": 1/"n_threads": 2/; 2,$!b' "$fixtures/llama-bench-slow.json" | sed '1d; $d' >two
{ printf '['; cat two; printf ','; sed 's/"n_threads": 2/"n_threads": 4/' two; printf ']'; } >two.json
takes "two settings in one file" two.json --format llama-bench
ok "are two backends" test -d d/runs/tg128/llamacpp-cpu,n_threads=4/fp32/tiny
{ printf '['; cat two; printf ','; cat two; printf ']'; } >two.json
takes "one setting twice" two.json --format llama-bench
ok "is two invocations" test -s d/runs/tg128/llamacpp-cpu/fp32/tiny/run_1.json
tool "guidellm" guidellm guidellm.json
figures "latencies" '^synchronous,openai,unknown,tiny.gguf,ok,4,151.57949[0-9]*,104.22277[0-9]*,'
tool "guidellm 0.2" guidellm guidellm-0.2.json
figures "latencies of the older layout" '^synchronous,openai,unknown,tiny.gguf,ok,4,9.80192422[0-9]*,9.0979337[0-9]*,1.70444384[0-9]*,'
tool "guidellm 0.3 with a sample of its requests" guidellm guidellm-0.3-sampled.json
holds "says so" notes "constant-20: the report keeps 2 of its 4 requests"
python3 - "$fixtures/guidellm-0.3-sampled.json" >t.json <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
d['benchmarks'][0]['requests'] = {'successful': [], 'errored': [], 'incomplete': []}
json.dump(d, sys.stdout)
END
takes "guidellm without requests" t.json --format guidellm
holds "is a row, in ms" d/cells.jsonl '"n_samples":4.0,"mean_ms":169.225096[0-9]*,"median_ms":190.774202[0-9]*,"std_ms":56.94421[0-9]*,"p99_ms":209.296703'
holds "with its other percentiles" d/cells.jsonl '"p95_ms":209.296703'
tool "vllm bench serve" vllm-bench vllm-detailed.json
figures "five are ok, one is not" '^rate-inf-concurrency-2,openai,unknown,tiny.gguf,ok,5,56.7745177[0-9]*,'
holds "why" d/runs/rate-inf-concurrency-2/openai/unknown/tiny.gguf/samples.jsonl '"status":"error","reason":"aiohttp.client_exceptions.ServerDisconnectedError: Server disconnected"'
tool "vllm bench serve without requests" vllm-bench vllm-summary.json
figures "its latencies alone" '^rate-50,openai,unknown,tiny.gguf,ok,6,11.0910006[0-9]*,8.563402[0-9]*,'
sed 's/"latencies": \[[^]]*\], //' "$fixtures/vllm-summary.json" >t.json
takes "an older one, which kept no latencies" t.json --format vllm-bench
holds "is a row" d/cells.jsonl '"scenario":"rate-50",.*"n_samples":6.0,"mean_ms":11.091000666056061,'
sed 's/"completed": 6, "failed": 0/"completed": 4, "failed": 2/; s/"latencies": \[[^]]*\], //' "$fixtures/vllm-summary.json" >t.json
takes "one with failures" t.json --format vllm-bench
holds "says how many" err "rate-50: 2 requests failed"
head -1 "$fixtures/aiperf.jsonl" >t.json
takes "aiperf's file of one record" t.json --format aiperf
ok "is one sample" sh -c 'cat d/runs/*/*/*/*/samples.jsonl | wc -l | grep -qx 1'
tool "aiperf's records" aiperf aiperf.jsonl
figures "latencies" '^imported,openai,unknown,unknown,ok,8,47.60646112[0-9]*,49.0248795,'
holds "two counts of tokens" notes "6 records have another count"
holds "phases are known" d/manifest.json '"phases_known": true'
tool "aiperf's aggregates" aiperf aiperf.json
holds "a row" d/cells.jsonl '"scenario":"concurrency-2","backend":"openai","precision":"unknown","model":"tiny.gguf".*"mean_ms":47.606461124999996,'
holds "with its percentiles" d/cells.jsonl '"p95_ms":59.16910214'
tool "aiperf's table" aiperf aiperf.csv
holds "a row with fewer digits" d/cells.jsonl '"mean_ms":47.61,'
takes "constants stand over what a tool says" "$fixtures/aiperf.json" --format aiperf --const model=llama --const precision=q8_0
holds "the cell" d/cells.jsonl '"precision":"q8_0","model":"llama"'
for format in llama-bench guidellm vllm-bench aiperf; do
    printf '{"a": 1}' >t.json
    refuses "$format: another's file" 1 "no .* of" t.json --format $format
done
refuses "--map of a fixed format" 2 "has fixed fields" "$fixtures/aiperf.json" --format aiperf --map model=x

# ---- what people's tables look like

table '\357\273\277Backend;Latency (ms);TTFT (ms);tokens\r\na;1.120,53;31,879;64\r\na;98,1;5;\r\n'
refuses "a decimal comma" 1 "t.csv:2: latency_ms: '1.120,53' has .*; write the digits alone, or say --numbers\|--numbers 1.234,5" t.csv
takes "--numbers 1.234,5" t.csv --numbers 1.234,5
check "is exact" "$(sed 's/.*"latency_ms"/"latency_ms"/' d/runs/imported/a/unknown/unknown/samples.jsonl | tr '\n' ' ')" \
    '"latency_ms":1120.53,"ttft_ms":31.879,"tokens":64} "latency_ms":98.1,"ttft_ms":5} '
table 'a_latency_ms,b_latency_ms\n"1,183.47","12"\n"1,234,567","3.5"\n'
takes "--numbers 1,234.5 of a wide table" t.csv --numbers 1,234.5 --wide backend
holds "each" d/runs/imported/a/unknown/unknown/samples.jsonl '"latency_ms":1234567}'
table 'latency_ms\n"1,23.4"\n'
refuses "groups of two" 1 "t.csv:2: latency_ms: '1,23.4' is no number like 1,234.5" t.csv --numbers 1,234.5
table 'latency_ms\n12.5\n'
refuses "a point where thousands are parted by one" 1 "'12.5' is no number like 1.234,5" t.csv --numbers 1.234,5
lines '{"latency_ms":1}\n'
refuses "--numbers of jsonl" 2 "numbers is for csv" t.jsonl --format jsonl --numbers 1.234,5
table 'latency_ms,ttft_ms\n1,-\n2,#N/A\n'
takes "a dash, and what spreadsheets write for nothing" t.csv
holds "are missing" $all '"latency_ms":2}'
table 'backend,latency_ms,latency_ms\na,1,2\n'
refuses "one name for two columns" 2 "two columns 'latency_ms': rename one; --map latency_ms= takes neither" t.csv
table 'backend,latency_ms,note,note\na,1,2,3\n'
takes "two names of no field" t.csv
table 'engine,latency,ttft\nv,0.3,0.1\n'
refuses "a time without its unit" 2 "such as --map latency_ms=latency --map ttft_ms=ttft (in milliseconds; latency:s where it is in seconds)" t.csv
table 'model,a,b,latency_mss\nv,1,1,1\n'
refuses "a mistyped column" 2 "such as --map latency_ms=latency_mss" t.csv
table '# exported\nbackend,latency_ms\na,1\n'
refuses "a comment for a first line" 2 "it has: # exported alone; the first line of a table names all columns" t.csv
lines '{"run":{"engine":"v"},"timing":{"total":0.3},"usage":{"prompt_tokens":3,"completion_tokens":4}}\n'
refuses "nested objects" 2 "such as --map latency_ms=timing.total (in milliseconds" t.jsonl
takes "nested objects, mapped" t.jsonl --map latency_ms=timing.total:s
holds "what its last keys say is taken" err "by their names: backend=run.engine, prompt_tokens=usage.prompt_tokens, generated_tokens=usage.completion_tokens"
lines ':::MLLOG {"key": 1}\n'
refuses "a log that is no JSON" 1 "t.jsonl:1: ':::MLLOG {\"key\": 1} *' is no object; .* was expected on each line" t.jsonl
awk 'BEGIN { printf "latency_ms"; for (i = 1; i < 300; i++) printf ",c%d", i; print ""; printf "1"; for (i = 1; i < 300; i++) printf ",1"; print "" }' >t.csv
takes "three hundred columns" t.csv
holds "are not all told" err "c39, c40 and 259 more"
ok "but are in the manifest" grep -q '"c299"' d/manifest.json
printf '{"results": [\n{"latency_ms":1}]}' >t.json
refuses "a list inside an object" 1 "'jq .KEY FILE' makes one of a list inside" t.json --format jsonl
"$chimera" audit t.csv >out 2>err
ok "audit of a table says how" sh -c "[ $? = 2 ] && grep -q \"'t.csv' is a file, and no folder; 'chimera import t.csv -o DIR'\" err"

# ---- what is refused, and that nothing is left

table 'latency_ms,repetition,prompt_index\n1,0,0\n2,0,1\n3,0,0\n'
refuses "a field that is not there" 2 "did you mean 'latency_ms'" t.csv --map latncy_ms=x
refuses "a column that is not there" 2 "did you mean 'repetition'" t.csv --map repetition=repetitoin
refuses "a unit that is not one" 2 "no unit of latency_ms: ns, us, ms, s, min" t.csv --map latency_ms=latency_ms:sec
refuses "a unit of what has none" 2 "model has no units" t.csv --map model=repetition:s
printf 'latency_s,params\n1,5\n' >u.csv
refuses "a column whose name tells another unit" 2 "write latency_ms=latency_s:s" u.csv --map latency_ms=latency_s
takes "a column whose name tells its unit" u.csv
holds "is taken in it" $all '"latency_ms":1000.0'
holds "and that is said" err "taken by their names: latency_ms=latency_s:s"
printf 'latency_min,model\n1,a\n' >u2.csv
refuses "the least latency is nobody's minutes" 2 "no column of 'u2.csv' is a measured field" u2.csv
takes "the unit" u.csv --map latency_ms=latency_s:s
holds "a value that cannot be a count of parameters is left out, and that is said" err "1 counts of parameters are below 10000"
refuses "a constant that is no value" 2 "is no number" t.csv --const ttft_ms=fast
printf 'model,rep,tokens_per_s\nm,0,5\nm,1,6\n' >runs.csv
refuses "samples without a latency" 2 "--map invocation=rep --map repetition=" runs.csv
takes "rows of runs" runs.csv --map invocation=rep --map repetition=
ok "two rows of a cell" sh -c '[ "$(grep -c "\"invocation\":[01]," d/cells.jsonl)" = 2 ]'
refuses "two columns for a field" 2 "mapped twice" t.csv --map model=repetition --map model=prompt_index
refuses "a column and a constant" 2 "given twice" t.csv --map model=repetition --const model=x
refuses "samples and cells at once" 2 "whole cell" t.csv --map latency_ms=latency_ms --map mean_ms=repetition
refuses "no such file" 2 "no such file" none.csv
refuses "a folder" 2 "is a folder" "$work" --format csv
refuses "a format that the name does not tell" 2 "give --format" "$root/README.md"
table 'a,b\n1,2\n'
refuses "nothing that was measured" 2 "it has: a, b" t.csv
table 'a,b\n'
refuses "no rows" 1 "no row" t.csv --map latency_ms=a
table ''
refuses "an empty file" 1 "is empty" t.csv
table 'latency_ms,n_samples\n1,2\n'
refuses "a sample's and a cell's column" 2 "say which it is" t.csv
table 'mean_ms,model\n1,a\n2,a\n'
refuses "two rows of a cell" 1 "t.csv:3: a second row" t.csv
malformed() { # LABEL PATTERN FORMAT
    table "$3"
    refuses "$1" 1 "$2" t.csv
}
malformed "a decimal comma" "t.csv:2: latency_ms: '1,5' has a decimal comma" 'latency_ms;x\n1,5;\n'
malformed "thousands" "thousands separators" 'latency_ms\n"1,234.5"\n'
malformed "either of them" "may be decimal or for thousands" 'latency_ms\n"1,234"\n'
malformed "a unit in the cell" "a unit belongs behind the column" 'latency_ms\n5ms\n'
malformed "infinity" "is not finite" 'latency_ms\n-inf\n'
malformed "an overflow" "is not finite" 'latency_ms\n1e999\n'
malformed "below zero" "t.csv:3: latency_ms: '-1' is negative" 'latency_ms\n1\n-1\n'
malformed "half a token" "is no whole number" 'latency_ms,tokens\n1,1.5\n'
malformed "a name that is no UTF-8" "no UTF-8" 'latency_ms,model\n1,a\377b\n'
malformed "a name with a control character" "control character" 'latency_ms,model\n1,a\033b\n'
malformed "an unknown status" "is no status: ok" 'latency_ms,status\n1,fine\n'
malformed "an unknown phase" "none of cold" 'latency_ms,phase\n1,other\n'
malformed "a short row" "t.csv:3: 1 field, but the first line names 2" 'latency_ms,x\n1,2\n3\n'
malformed "a quote in a field" "t.csv:2: a quote inside" 'latency_ms,x\n1,5" disk\n'
malformed "text behind a quote" "text behind a closing quote" 'latency_ms,x\n1,"5" disk\n'
malformed "an open quote" "never closed" 'latency_ms,x\n1,"5\n2,3\n'
malformed "a NUL" "NUL byte" 'latency_ms\n1\000\n'
malformed "UTF-16" "UTF-16" '\377\376l\000'
malformed "two delimiters" "give --delimiter" 'latency_ms;a,b\n1;2,3\n'
malformed "an instant without its unit" "without its unit" 'latency_ms,started_at\n1,1700000000.5\n'
malformed "a model of two sizes" "params_millions: 8 here and 7" 'latency_ms,params_millions\n1,7\n1,8\n'
table 'latency_ms\n1\nx\n2\n-3\n'
takes "malformed rows are left out when asked" t.csv --skip-bad
holds "and counted" err "2 malformed rows were left out, the first: t.csv:3"
ok "the others are there" sh -c '[ "$(wc -l <"$1")" = 2 ]' - "$all"

# ---- the folder

"$chimera" import t.csv -o d --skip-bad >out 2>err
ok "a folder that holds something is refused" sh -c '[ "$1" = 2 ] && grep -q -- "--force" err' - $?
table 'latency_ms\n7\n'
"$chimera" import t.csv -o d --force >out 2>err
ok "--force replaces an import" sh -c '[ "$(wc -l <"$1")" = 1 ]' - "$all"
mkdir other && : >other/mine
"$chimera" import t.csv -o other --force >out 2>err
ok "and nothing else" sh -c '[ "$1" = 2 ] && [ -e other/mine ]' - $?
table 'latency_ms\nx\n'
"$chimera" import t.csv -o d --force >out 2>err
ok "an error leaves what was there" sh -c '[ "$1" = 1 ] && [ "$(wc -l <"$2")" = 1 ]' - $? "$all"
ok "and nothing beside it" sh -c '[ -z "$(ls -d .*.import-* 2>/dev/null)" ]'
mkdir empty
"$chimera" --json import "$tr118" --format csv --map tokens_per_s=ratio -o empty >out 2>err
ok "an empty folder is filled; --json prints JSON" sh -c '[ -s empty/cells.jsonl ] && grep -q "\"cells\": 9" out'

# ---- what kills leave, and what is documented

awk 'BEGIN { print "latency_ms,model"; for (i = 0; i < 400000; i++) print i % 97 ",m" i % 7 }' >t.csv
rm -rf d
for delay in 0.02 0.05 0.1; do
    "$chimera" import t.csv -o d >out 2>err &
    pid=$!
    sleep $delay
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ ! -e d ] || [ -s d/manifest.json ] || break
    rm -rf d
done
ok "killed at any moment, the folder is whole or not there" sh -c '[ ! -e d ] || [ -s d/manifest.json ]'
rm -rf d .d.import-*
"$chimera" import t.csv -o d >out 2>err &
pid=$!
sleep 0.05
kill -INT $pid 2>/dev/null
wait $pid
got=$?
ok "interrupted, it leaves nothing" \
    sh -c '[ "$1" = 0 ] || { [ "$1" = 130 ] && [ ! -e d ] && [ -z "$(ls -d .*.import-* 2>/dev/null)" ]; }' - $got
"$chimera" import --fields >out
sed -n '/fields:begin/,/fields:end/p' "$root/docs/IMPORT.md" | grep '^| `' >table
ok "docs/IMPORT.md has the program's table of fields" diff table out

echo "1..$n"
exit $failed
