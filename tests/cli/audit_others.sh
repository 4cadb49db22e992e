#!/bin/sh
# audit_others.sh - data of the original project's reports as their readers would import them, with the figures that the
# reports print, and clean twins. What must be found was found by recomputing them. TAP. usage: audit_others.sh CHIMERA
set -u
chimera=$(realpath "$1")
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

audit() { # FILE.csv IMPORT-ARGS...: what the audit says into $work/out
    rm -rf d
    source=$1
    shift
    "$chimera" import "$source" -o d "$@" >log 2>err && "$chimera" audit d --json -o . >out 2>>err
}
# A finding of the check with that severity and that text in it.
finds() { # LABEL CHECK SEVERITY PATTERN
    ok "$1" sh -c 'tr -d "\n" <audit.json | sed "s/{ *\"check\"/\n&/g" | grep "^{ *\"check\": *\"$1\"" |
        grep "\"severity\": *\"$2\"" | grep -q -- "$3"' - "$2" "$3" "$4"
}
silent() { # LABEL CHECK
    ok "$1" sh -c '! tr -d "\n" <audit.json | sed "s/{ *\"check\"/\n&/g" | grep "^{ *\"check\": *\"$1\"" |
        grep -q "\"severity\": *\"\(warn\|fail\)\""' - "$2"
}

# ---- TR117: the table of its report; F, t, p and d are of another run

cat >tr117.csv <<'END'
backend,n,mean,median,std,min,max
transformers-gpu-compile,273,389.2,328.7,117.8,277.4,681.8
transformers-gpu,273,404.1,322.7,223.9,276.8,3325.8
transformers-cpu-compile,273,559.3,526.7,103.5,398.2,785.5
transformers-cpu,287,570.6,530.4,117.2,314.5,842.0
ollama,1365,3410.5,1238.5,3874.9,173.5,27963.9
END
columns='--map n_samples=n --map mean_ms=mean --map median_ms=median --map std_ms=std --map min_ms=min --map max_ms=max'
# shellcheck disable=SC2086 # words
audit tr117.csv $columns --const f_statistic=45.86
finds "TR117: F is of other data" stated-statistics fail '45.86; n, means .* give 157.8 with 4 and 2466'
# shellcheck disable=SC2086
audit tr117.csv $columns --const f_statistic=157.78
silent "TR117: its own F is not accused" stated-statistics
silent "TR117: no figure of the table contradicts another" impossible-interval

cat >pairs.csv <<'END'
backend,compared_with,n_samples,mean_ms,std_ms,t_statistic,p_value,cohens_d
transformers-gpu-compile,transformers-gpu,273,389.2,117.8,,0.05,0.14
transformers-gpu,transformers-cpu,273,404.1,223.9,,,1.48
transformers-gpu-compile,ollama,273,389.2,117.8,,,1.60
transformers-cpu-compile,transformers-cpu,273,559.3,103.5,,0.826,
transformers-cpu,transformers-gpu,287,570.6,117.2,,,
ollama,transformers-gpu,1365,3410.5,3874.9,,,
END
audit pairs.csv
finds "TR117: d .14 is .083" stated-statistics fail 'cohens_d 0.14 is stated, the figures beside it give 0.083'
finds "TR117: d 1.48 is .94" stated-statistics fail 'cohens_d 1.48 .* give 0.93'
finds "TR117: d 1.60 is .85" stated-statistics fail 'cohens_d 1.6 .* give 0.85'
finds "TR117: p .826 is .23" stated-statistics warn 'p_value 0.826 .* give 0.22'
finds "TR117: no t test has p < .05 of its headline" stated-statistics warn 'p_value 0.05 .* give 0.3'
sed -e 's/0.05,0.14/0.331,0.083/' -e 's/1.48/0.936/' -e 's/1.60/0.855/' -e 's/0.826/0.228/' pairs.csv >own.csv
audit own.csv
silent "TR117: what its table gives is not accused" stated-statistics

# ---- TR117 and TR118 in cuts with other columns than ours

tr117_table=$root/tests/oracle/chimera/tr117_cold_start_by_file.csv
tr118_table=$root/tests/oracle/chimera/tr118_crossover_points.csv
cut -d, -f1-6 "$tr117_table" | sed '1s/.*/Backend,Scenario,Quantization,N,First sample (ms),Median of rest (ms)/' >cold.csv
audit cold.csv
finds "TR117: first and rest, no mean" cold-start fail '3326 ms beside a median of 598.9 ms'
ok "TR117: three cells of 42" test "$(grep -c '"check": *"cold-start"' audit.json)" -ge 3
cut -d, -f1-4,8,11 "$tr117_table" | sed '1s/.*/engine,prompt_set,quant,samples,total_ms_mean,total_ms_max/' >cold.csv
audit cold.csv --map median_ms=
ok "a word for the figure beside the latency's name" grep -q 'mean_ms=total_ms_mean, max_ms=total_ms_max' err
audit tr117.csv --const f_statistic=1 2>/dev/null
ok "names without units: all of them in one suggestion" grep -q \
    'such as --map mean_ms=mean --map median_ms=median --map std_ms=std --map min_ms=min --map max_ms=max (of' err
cat >pairwise.csv <<'END'
group_a,group_b,metric,mean_a,mean_b,t_statistic,p_value,effect_size_cohens_d
transformers-gpu-compile,transformers-gpu,latency_ms,389.22,404.05,-0.973,0.049,0.14
END
audit pairwise.csv
finds "TR117: a p that its own t cannot have" stated-statistics fail 'p_value 0.049 is stated'
sed 's/0.049/0.331/' pairwise.csv >own.csv
audit own.csv
silent "TR117: a p of its t is not accused" stated-statistics

cat >statistics.json <<'END'
{"summaries": {
 "transformers-gpu-compile": {"mean": 389.2, "median": 328.7, "std": 117.8, "min": 277.4, "max": 681.8, "n": 273},
 "transformers-gpu": {"mean": 404.1, "median": 322.7, "std": 223.9, "min": 276.8, "max": 3325.8, "n": 273},
 "transformers-cpu": {"mean": 570.6, "median": 530.4, "std": 117.2, "min": 314.5, "max": 842.0, "n": 287}},
 "pairwise_comparisons": [{"group_a": "transformers-gpu", "group_b": "transformers-cpu", "t_statistic": -0.973, "p_value": 0.049}],
 "anova": {"f_statistic": 45.86, "p_value": 4.8e-15}}
END
audit statistics.json
ok "TR117: the lists of a document" grep -q 'summaries (3), pairwise_comparisons (1); --rows KEY says which' err
audit statistics.json --rows summaries --map mean_ms=mean
ok "the keys of its rows name backends" grep -q 'nothing was written; --map backend=name tells them apart' err
audit statistics.json --rows summaries --map mean_ms=mean --map backend=name
finds "TR117: F beside the table is of other data" stated-statistics fail '45.86; n, means .* of its 3 groups give 111'
sed 's/45.86/111.29/; s/4.8e-15/1e-40/' statistics.json >own.json
audit own.json --rows summaries --map mean_ms=mean --map backend=name
silent "TR117: an F of the table is not accused" stated-statistics
audit statistics.json --rows pairwise_comparisons
finds "TR117: p by the stated t" stated-statistics fail 'p_value 0.049 is stated'

crossover() { # LABEL: of the ratio, by the report's own points
    finds "$1" leverage warn 'exponent -0.5057334853 rests on tiny-gpt2 (leverage 0.805).*76.41M.*fragile'
}
awk -F, 'NR == 1 {print "model,params,device,tok_s"}
    NR > 1 {print $1","$5",cpu,"$6; print $1","$5",gpu,"$7}' "$tr118_table" >rows.csv
audit rows.csv
crossover "TR118: devices as rows"
awk -F, 'NR == 1 {print "model,params,ort_cpu_fp32_tok_s,trt_fp32_tok_s"} NR > 1 {print $1","$5","$6","$7}' \
    "$tr118_table" >pair.csv
audit pair.csv
crossover "TR118: engines with their precision, wide"

awk -F, 'NR == 1 {print "name,n_params,onnxruntime_cpu_tok_s,torch_gpu_tok_s"} NR > 1 {print $1","$5","$6","$7}' \
    "$tr118_table" >name.csv
audit name.csv
ok "the column that tells rows apart is named" grep -q 'nothing was written; --map model=name tells them apart' err
audit name.csv --map model=name
crossover "TR118: and with it all is found"

awk -F, 'NR == 1 {print "Model,Params,ORT-CPU,torch"} NR > 1 {print $1","$5","$6","$7}' "$tr118_table" >bare.csv
audit bare.csv
ok "columns that are called after engines alone: what to do" grep -q -e \
    'such as --map tokens_per_s@ORT-CPU=ORT-CPU --map tokens_per_s@torch=torch (or mean_ms@' err
audit bare.csv --map tokens_per_s@ORT-CPU=ORT-CPU --map tokens_per_s@torch=torch
crossover "TR118: and then all is found"

sed '1!s/,\([0-9.]*\)\([0-9]\{6\}\),/,\1.\2M,/' bare.csv >letters.csv
audit letters.csv --map tokens_per_s@ORT-CPU=ORT-CPU --map tokens_per_s@torch=torch
crossover "TR118: sizes as 5.036720M"

cat >twice.csv <<'END'
backend,published_tok_s,fix_run_tok_s
tensorrt-fp16,3851,8270.7
tensorrt-int8,6284,6608.5
onnxruntime-cpu,1434,1512.2
END
audit twice.csv
ok "runs as columns: the option for them" grep -q 'same field of several runs: --wide invocation takes them' err
audit twice.csv --wide invocation
finds "TR118: the run that was published and its repeat rank differently" replicate-disagreement fail \
    'tensorrt-fp16/unknown has from 0.799 to 1.63 times the time per token of tensorrt-int8'
cat >phases.csv <<'END'
model,backend,scenario,rep,phase,tokens,duration_ms
gpt2,gpu,short,0,prefill,64,5.1
gpt2,gpu,short,0,decode,64,300.2
gpt2,gpu,short,1,prefill,64,5.2
gpt2,gpu,short,1,decode,64,301.2
END
audit phases.csv
ok "prefill and decode in a column 'phase' are parts of the work" grep -q "'phase' holds parts of the work" err
ok "and name scenarios" grep -rq 'short-prefill' d/manifest.json
audit phases.csv --map phase= --map scenario=scenario+phase
ok "and it makes scenarios of both" test -d d/cells/short-decode -o -n "$(grep -r short-decode d/manifest.json)"

cut -d, -f1,5,8 "$tr118_table" >ratio.csv
audit ratio.csv
ok "a ratio alone: what to do" grep -q -e 'such as --map tokens_per_s=ratio (a ratio of two rates' err
audit ratio.csv --map tokens_per_s=ratio
crossover "TR118: the ratio alone"
cut -d, -f5,8 "$tr118_table" >ratio.csv
audit ratio.csv --map tokens_per_s=ratio
ok "without names: models by their size" grep -q -e '--map model=params --map params_millions=params:count names' err
audit ratio.csv --map tokens_per_s=ratio --map model=params --map params_millions=params:count
finds "TR118: and without a model's name" leverage warn 'exponent -0.5057334853 rests on 102714 (leverage 0.805).*76.41M'
sed '1s/$/,exponent,r2/; 1!s/$/,-0.5057,0.947/' "$tr118_table" >law.csv
audit law.csv
ok "TR118: the ratio's own law is not held against one engine's" sh -c '! grep -q "is stated" audit.json'
sed '1s/$/,exponent/; 1!s/$/,-0.68/' "$tr118_table" >law.csv
audit law.csv
finds "TR118: another law than the ratio's is" fit-not-actionable fail \
    'ort_cpu/unknown over that of torch_gpu.*exponent -0.68 is stated; the 9 points beside it give -0.5057'

# ---- TR118: cold repetitions in a mean of five, and its interval below zero

cat >tr118.csv <<'END'
backend,scenario,n_samples,mean_ms,std_ms,ci_95_lower_ms,ci_95_upper_ms
torch,single_micro,5,27.63,49.95,-34.4,89.7
onnxruntime-cpu,single_micro,5,0.31,0.02,0.285,0.335
END
audit tr118.csv --const model=gpt2
finds "TR118: an interval below zero" impossible-interval warn 'states reaches from -34.4 to 89.7'
silent "TR118: which follows from its n and std" stated-statistics

awk -F, 'BEGIN {split("micro 51.7 short 125.6 long 153 batch 51.2", k, " "); print "model,params,scenario,ort_cpu_ms,torch_gpu_ms"}
    NR > 1 {for (i = 1; i < 8; i += 2) {c = i % 4 == 1 ? 1.02 : 0.98
        print $1","$5","k[i]","1e6 / $6 / (k[i + 1] / 76.4) ^ 0.5057 * (NR % 2 ? c : 1)","1e6 / $7}}' "$tr118_table" >six.csv
audit six.csv --wide backend
finds "TR118: one crossover of scenarios with their own" mixture warn 'alike at 5[01].*M in .* and at 1[45].*M in long'
audit rows.csv
silent "TR118: one scenario is no mixture" mixture

cat >reps.csv <<'END'
backend,scenario,rep0_ms,rep1_ms,rep2_ms,rep3_ms,rep4_ms
torch,single_micro,117.0,5.41,5.12,5.33,5.5
onnxruntime-cpu,single_micro,0.312,0.304,0.315,0.32,0.309
END
audit reps.csv
ok "repetitions as columns: what to do" grep -q -e '--map latency_ms@4=rep4_ms --wide repetition' err
audit reps.csv --map latency_ms@0=rep0_ms --map latency_ms@1=rep1_ms --map latency_ms@2=rep2_ms \
    --map latency_ms@3=rep3_ms --map latency_ms@4=rep4_ms --wide repetition
finds "TR118: the cold one of five" cold-start fail 'torch/unknown: 1 first sample .* 117 ms beside a median of 5.3'
sed 's/117.0/5.62/' reps.csv >own.csv
audit own.csv --map latency_ms@0=rep0_ms --map latency_ms@1=rep1_ms --map latency_ms@2=rep2_ms \
    --map latency_ms@3=rep3_ms --map latency_ms@4=rep4_ms --wide repetition
silent "TR118: five warm ones" cold-start

# ---- TR119: three runs of one evening, $ per million tokens (section 4.6 B)

cat >tr119.csv <<'END'
run,backend,usd
1766276642,compile,.2366
1766276642,gpu,.2065
1766276642,cpu,.6396
1766276642,ort-gpu,.1422
1766276642,ort-cpu,.2227
1766283278,compile,.2263
1766283278,gpu,.1753
1766283278,cpu,.9720
1766283278,ort-gpu,.2649
1766283278,ort-cpu,.2711
1766283446,compile,.1987
1766283446,gpu,.2597
1766283446,cpu,.9591
1766283446,ort-gpu,.1274
1766283446,ort-cpu,.2695
END
audit tr119.csv --map cost_per_million=usd --map invocation=run --const model=gpt2 --const scenario=prefill
finds "TR119: the winner does not replicate" replicate-disagreement fail 'times the cost per token of ort-gpu'
finds "TR119: a backend is not the same in its runs" replicate-disagreement warn 'ort-gpu/unknown: run 1766283278 has 2.08 times'
for run in 1766276642 1766283278 1766283446; do
    { head -1 tr119.csv && grep "$run" tr119.csv; } >"run$run.csv"
    "$chimera" import "run$run.csv" -o "r$run" --map cost_per_million=usd --const model=gpt2 >log 2>err
done
"$chimera" audit r1766276642 r1766283278 r1766283446 --json -o . >out 2>err
finds "TR119: the same of three folders" replicate-disagreement fail 'times the cost per token of ort-gpu'
"$chimera" audit r1766276642 --json -o . >out 2>err
ok "TR119: one run alone: nobody can know, and that is said" sh -c 'tr -d "\n" <audit.json | grep -q "no two runs (replicates"'

# ---- TR121: decode of 64 tokens in two clocks (section 6.6 C), and fits

cat >tr121.csv <<'END'
model,scenario,backend,median
gpt2-100m,micro,hf_gpu,516
gpt2-100m,short,hf_gpu,512
gpt2-100m,medium,hf_gpu,262
gpt2-50m,micro,hf_gpu,256
gpt2-50m,short,hf_gpu,266
gpt2-50m,medium,hf_gpu,535
gpt2-45m,micro,hf_gpu,479
gpt2-45m,short,hf_gpu,218
gpt2-45m,medium,hf_gpu,548
END
audit tr121.csv --map median_ms=median --const generated_tokens=64
finds "TR121: the same work in two states" clock-states warn 'short takes 1.95 times the time of medium with gpt2-100m and 0.398 times with gpt2-45m (per generated'
sed 's/,516$/,263/; s/,512$/,266/; s/,535$/,261/; s/,479$/,215/; s/,548$/,220/' tr121.csv >one.csv
audit one.csv --map median_ms=median --const generated_tokens=64
silent "TR121: one state is not accused" clock-states

cat >fits.csv <<'END'
backend,scenario,exponent,exponent_low,exponent_high,r2
hf_gpu,decode,0.0123,-0.31,0.29,0.0005
ollama,decode,0.649,0.51,1.44,0.92
END
audit fits.csv
finds "TR121: its own gate, applied" fit-not-actionable warn 'hf_gpu.* exponent of 0.0123, its interval .*R2 0.0005'
ok "TR121: and to that fit alone" sh -c '! tr -d "\n" <audit.json | grep -q "ollama/unknown: the source states"'

# ---- TR123: Linux against Windows, and a six-model confound (TR117)

cat >tr123.csv <<'END'
model,backend,scenario,os,prefill_ms,decode_ms,total_ms
gpt2,compile,short,linux,5.1,200.2,205.3
gpt2,compile,short,linux,5.2,201.9,207.1
gpt2,eager,short,windows,11.0,400.3,411.3
gpt2,eager,short,windows,11.4,404.7,416.1
END
audit tr123.csv --map latency_ms=total_ms
finds "TR123: systems differ with the backend" environment-mismatch warn 'ran on .linux., eager/unknown on .windows.'
sed 's/windows/linux/' tr123.csv >own.csv
audit own.csv --map latency_ms=total_ms
silent "TR123: one system is not accused" environment-mismatch

sed -e 's/,os,/,environment,/' -e "s/linux/NGC 25.08 (Linux)/" -e 's/windows/Windows native/' tr123.csv >own.csv
audit own.csv --map latency_ms=total_ms
finds "TR123: systems by their names, in a column that nobody knows" environment-mismatch warn 'environment. goes with the backend'
sed 's/Windows native/NGC 25.08 (Linux)/' own.csv >one.csv
audit one.csv --map latency_ms=total_ms
silent "TR123: one system there" environment-mismatch

cat >engines.csv <<'END'
model,backend,precision,layer_output_dtype_counts,mean_ms
gpt2,tensorrt,fp32,"{Int64: 249, Float: 930}",4.2
gpt2,tensorrt,int8,"{Int64: 249, Float: 930}",4.15
gpt2,tensorrt,fp16,"{Int64: 249, Half: 900, Float: 30}",2.1
END
audit engines.csv
finds "TR118: an int8 engine without int8 tensors" precision-mismatch fail 'none of the types of int8 is in .{Int64: 249, Float: 930}'
ok "TR118: and the others are what they say" sh -c '! grep -q "types of fp" audit.json'

cat >gains.csv <<'END'
model,scenario,backend,percent_change,cohens_d
gpt2,short,transformers-gpu-compile,95,22.6
llama-3.2-1b,short,transformers-gpu-compile,85,3.1
END
audit gains.csv
finds "TR123: d over ten, of no comparison that is named" stated-statistics warn 'cohens_d 22.6 is stated: more than ten of its own'
ok "and the other d is not accused" sh -c '! grep -q "cohens_d 3.1" audit.json'

cat >models.csv <<'END'
backend,model,n_samples,mean_ms
transformers-gpu,tiny-gpt2,273,404.1
transformers-cpu,tiny-gpt2,287,570.6
ollama,gemma3:270m,273,290
ollama,gemma3:1b-it-qat,273,600
ollama,qwen2.5:7b,273,4400
END
audit models.csv
finds "TR117: no model in common" confound warn 'ollama ran 3 models.*transformers-cpu, transformers-gpu 1 other'
sed 's/qwen2.5:7b/tiny-gpt2/' models.csv >own.csv
audit own.csv
silent "one model in common: no confound" confound

# ---- TR121, TR122: their own files, as strangers try them

cat >metrics.csv <<'END'
model,backend,scenario,mode,rep,is_warmup,prompt_tokens,eval_count,prefill_ms,kv_decode_ms,e2e_ms
END
for s in 30 38 46; do
    echo "qwen2.5:7b,ollama,p$s,kv,0,True,$s,64,538.7,709,1247.7"
    for rep in 1 2 3; do echo "qwen2.5:7b,ollama,p$s,kv,$rep,False,$s,64,11.$((s + rep)),70$rep.5,71$rep.9"; done
done >>metrics.csv
audit metrics.csv
finds "TR121: the prompt is worked through in warm-up alone" cache-hit fail 'as one decoded token does'
ok "TR121: warm-up is no sample" sh -c '[ "$(grep -h warmup d/runs/*/*/*/*/samples.jsonl | wc -l)" = 3 ]'
sed -e 's/11\.\([0-9][0-9]\),/5\1.1,/' metrics.csv >own.csv
audit own.csv
silent "TR121: a prefill that takes its time is not accused" cache-hit

# the same with a row for each mode
awk -F, 'NR == 1 { print "model,backend,scenario,mode,rep,is_warmup,prompt_tokens,gen_tokens,latency_ms"; next }
    { k = $1 "," $2 "," $3; print k ",prefill," $5 "," $6 "," $7 ",64," $9; print k ",kv_decode," $5 "," $6 "," $7 ",64," $10 }' \
    metrics.csv >long.csv
audit long.csv
finds "TR121: and with a row for each mode" cache-hit fail 'as one decoded token of p30-kv_decode does (10.9'
sed -e 's/,64,11\./,64,51./' long.csv >own.csv
audit own.csv
silent "TR121: which takes its time there" cache-hit

cat >shape.csv <<'END'
model,n_layer,n_embd,params,hf_cpu_ms,hf_gpu_ms
tiny-gpt2,2,2,102714,48,252
gpt2-5m,12,80,5036720,267,635
gpt2-25m,3,384,25016064,222,172
gpt2-45m,6,512,45171200,330,386
gpt2-50m,8,512,51475968,370,331
gpt2-75m,5,768,74824704,340,317
gpt2-100m,8,768,96088320,420,411
END
audit shape.csv
finds "TR121: no law by size on the GPU" fit-not-actionable warn 'latency of hf_gpu/unknown by model size: exponent .* over 7 models: no law'
# TR121's own: depth^.733 (.140), width^-.070 (.040), sold as "depth costs 12 times width"
finds "TR121: the exponent of width may be zero" fit-not-actionable warn 'of hf_gpu/unknown by shape goes with depth^0.7.* and width^-0.0.* the exponent of width may be zero'

cat >baseline.json <<'END'
{
  "idle_watts_mean": 20.710, "idle_watts_std": 9.965, "idle_temp_c": 41.2, "fake_idle_flag": false,
  "idle_watts_min": 1.2, "idle_watts_max": 26.424, "power_outlier_fraction": 0.0, "fake_idle_reasons": []
}
END
audit baseline.json
finds "TR122: its baseline.json as it is" idle-mixture fail 'near 1.2 W (21 %) and 25.8 W'

# ---- TR119: its raw lines, its summaries and what is cut out of them (section 4.4)

for b in onnxruntime-gpu transformers-gpu; do
    for rep in 0 1 2 3 4 5 6; do
        first=4.$((70 + rep)) second=4.$((85 - rep))
        [ "$b$rep" = onnxruntime-gpu0 ] && first=97.5
        printf '{"spec":{"tr":"TR119","backend":"%s","scenario":"single_short","mode":"prefill","repetition":%s,"device":"cuda"},' "$b" "$rep"
        printf '"status":"ok","latencies_ms":[%s,%s],"throughput_tok_s":[%s,%s],"warmup_latencies_ms":[40,8],' "$first" "$second" "$((rep + 2300))" "$((rep + 2280))"
        printf '"resource_metrics":{"samples":1,"duration_s":0.0,"gpu_power_mean_watts":16.%s,"cpu_power_mean_watts":null}}\n' "$rep"
    done
done >bench.jsonl
audit bench.jsonl
finds "TR119: one power sample for each run" power-undersampled fail '14 of 14 windows have one reading'
finds "TR119: the interval of one cold run" impossible-interval warn 'interval of the mean of the samples reaches from -2.* to 25'
finds "TR119: that cold run" cold-start fail '97.5 ms beside a median of 4.7'
sed -e 's/97\.5/4.80/' -e 's/"samples":1,"duration_s":0.0/"samples":120,"duration_s":0.0098/' bench.jsonl >own.jsonl
audit own.jsonl
silent "TR119: a warm run with enough samples" power-undersampled
silent "TR119: its interval" impossible-interval
silent "TR119: no cold run" cold-start

rates='"throughput_mean_tok_s":2246,"power_mean_watts":16.63'
cat >summary.json <<END
{"config": {"price": 0.2}, "rows": [
 {"backend": "onnxruntime-gpu", "scenario": "single_short", "mode": "prefill", $rates, "power_source": "gpu",
  "energy_cost_usd_per_1m_tokens": 0.000411, "infra_cost_usd_per_1m_tokens_on_demand": 0.124419,
  "total_cost_usd_per_1m_tokens_on_demand": 0.124830, "total_cost_usd_per_1m_tokens_spot": 0.037762,
  "cost_per_hour_usd_on_demand": 1.009326},
 {"backend": "onnxruntime-cpu", "scenario": "single_short", "mode": "prefill", "throughput_mean_tok_s": 1037,
  "power_mean_watts": 41.2, "power_source": "cpu",
  "energy_cost_usd_per_1m_tokens": 0.002207, "infra_cost_usd_per_1m_tokens_on_demand": 0.269474,
  "total_cost_usd_per_1m_tokens_on_demand": 0.271681, "total_cost_usd_per_1m_tokens_spot": 0.083102,
  "cost_per_hour_usd_on_demand": 1.014240}]}
END
audit summary.json
ok "TR119: of the prices that on demand is taken" grep -q 'cost_per_million=total_cost_usd_per_1m_tokens_on_demand' err
finds "TR119: energy on top of a rent" double-counting warn '0.12483 is 0.124419 of the price and 0.000411 of energy: on_demand holds it'
finds "TR119: one price for CPU and GPU" double-counting warn 'onnxruntime-cpu/unknown and onnxruntime-gpu/unknown both cost 1.006 an hour'
sed -e 's/_on_demand/_on_prem/g; s/_spot/_x/' -e 's/0.269474/0.0803/; s/0.271681/0.082507/; s/1.014240/0.308/' summary.json >own.json
audit own.json
silent "TR119: a machine of one's own and a price for each" double-counting

cat >latency.csv <<'END'
backend,scenario,mode,mean,median,std,ci_lower,ci_upper,n,gpu_power_mean_watts,cpu_power_mean_watts
onnxruntime-gpu,single_short,prefill,11.48,4.77,24.2,-2.50,25.45,14,16.6,
onnxruntime-gpu,single_short,generate,41.0,40.9,2.4,39.6,42.4,14,17.0,
onnxruntime-cpu,single_short,prefill,9.9,9.8,0.5,9.6,10.2,14,1.8,41.2
END
audit latency.csv --map mean_ms=mean
finds "TR119: one option takes all of its figures" impossible-interval warn 'the source states reaches from -2.5 to 25.4'
silent "TR119: power is that of the row's device" power-source
cut -d, -f1-10 latency.csv | sed 's/,11.48/,11.5/; 3d' >own.csv
audit own.csv --map mean_ms=mean
finds "TR119: the idle GPU as a CPU's power" power-source warn '1.8'
sed '1s/run/run_id/' tr119.csv >own.csv
audit own.csv --map cost_per_million=usd
ok "TR119: the message names the run" grep -q -- '--map invocation=run_id' err

cat >states.csv <<'END'
backend,scenario,mode,tokens,median_ms
transformers-gpu,single_short,prefill,11,22.25
transformers-gpu,batch_short,prefill,44,11.34
transformers-gpu,single_short,generate,8,90
transformers-gpu,batch_short,generate,32,60
transformers-gpu-compile,single_short,prefill,11,6.1
transformers-gpu-compile,single_medium,prefill,19,24.4
transformers-gpu-compile,batch_medium,prefill,76,12.1
END
audit states.csv
finds "TR119: more tokens in less time" clock-states warn 'batch_short-prefill has 44 tokens and takes 11.34 ms, single_short-prefill has 11 and takes 22.25'
finds "TR119: of the compiled one too" clock-states warn 'batch_medium-prefill has 76 .* single_medium-prefill has 19 and takes 24.4'
sed -e 's/22.25/10.9/; s/24.4/6.4/; s/6.1$/5.9/' states.csv >own.csv
audit own.csv
silent "TR119: prefills that grow are not accused, answers of a batch neither" clock-states

# ---- TR120: the label audit, and the tail that is one shape (section 5)

cat >compile.csv <<'END'
backend,compile_called,unique_graphs,fallback_from,n,mean_ms,median_ms
transformers-gpu,False,0,,273,404.055,322.679
transformers-gpu-compile,False,0,,273,389.224,328.692
END
audit compile.csv
finds "TR120: a label that never compiled" label-mismatch fail 'transformers-gpu-compile was not compiled (0 graphs)'
sed 's/compile,False,0,,/compile,True,8,inductor,/' compile.csv >own.csv
audit own.csv
finds "TR120: another compiler stood in" label-mismatch fail 'fallback from inductor'
sed 's/compile,False,0,,/compile,True,8,,/' compile.csv >own.csv
audit own.csv
silent "TR120: a label that compiled" label-mismatch

tail120() { # MS of the longest prompt
    echo 'backend,mode,latency_ms,ttft_ms,tokens'
    i=0
    for tokens in 1 1 9 11 17 19 25 27 51; do
        for rep in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29; do
            i=$((i + 1))
            ms=0.2$((61 + (i * 37 + rep * rep) % 29))
            [ "$tokens" = 51 ] && ms=$1$((11 + (i * 41 + rep * rep) % 60))
            echo "transformers-gpu-compile,prefill,$ms,$ms,$tokens"
        done
    done
}
tail120 2.5 >tail.csv
audit tail.csv
finds "TR120: the tail is one shape" mixture warn 'workloads (by tokens) from 0.27.* to 2.5.*18 of the slowest 18 are of the slowest one (32 to 63 tokens, 30 samples)'
silent "TR120: which is no state of the clocks" clock-states
silent "TR120: nor a second mode" bimodal
finds "TR120: ttft is the latency" placeholder fail 'ttft_ms is the latency in all 270'
tail120 0.2 >own.csv
audit own.csv
silent "TR120: without the fallback there is no tail" mixture

awk 'BEGIN { print "t_ns,power_w,temp_c,util_gpu"
    for (i = 0; i < 1200; i++) printf "%.0f,%.2f,41,0\n", 1e8 * i, (int(i / 50) % 5 ? 25.8 : 1.2) + i % 7 / 50 }' >idle.csv
audit idle.csv
finds "TR122: its idle samples, which nobody calls idle" idle-mixture warn '1.26 W (21 %) and 25.8'
audit idle.csv --const scenario=idle
finds "TR122: and said to be" idle-mixture fail 'idle has two levels'
sed 's/,1\.[0-9]*,/,25.83,/' idle.csv >own.csv
audit own.csv --const scenario=idle
silent "one level is not accused" idle-mixture

printf 'minute,temp_c\n0,53.0\n1,53.1\n2,55.5\n3,58.1\n4,58.9\n5,59.1\n' >heat.csv
audit heat.csv
finds "TR122: its timeline is not at equilibrium" thermal warn '+1.44 C per minute over the last 5 minutes'
printf 'minute,temp_c\n0,58.9\n1,59.1\n2,59.0\n3,59.1\n4,58.9\n5,59.1\n' >own.csv
audit own.csv
silent "a device at rest is not accused" thermal
awk 'NR != 300 && (NR < 500 || NR > 530)' idle.csv >own.csv
audit own.csv
finds "TR122: gaps between readings" power-undersampled warn '1 gaps (up to 3.2 s)'

cat >coefficients.csv <<'END'
backend,mode,n,beta_log_params,beta_ci_low,beta_ci_high,gamma_log_layers,gamma_ci_low,gamma_ci_high,r2
hf_gpu,e2e_kv,7,-0.0616,-0.21,0.9,0.7335,-0.4,1.3,0.879
END
audit coefficients.csv
ok "TR121: a message takes coefficients with their intervals" grep -q -- '--wide model --map exponent@beta_log_params=beta_log_params ' err
# shellcheck disable=SC2046 # words
audit coefficients.csv $(sed -n 's/.*(\(--wide.*\) would take.*/\1/p' err)
finds "TR121: its depth coefficient fails its own gate" fit-not-actionable warn 'exponent of 0.7335, its interval \[-0.4, 1.3\], R2 0.879'
finds "TR121: and that of size" fit-not-actionable warn 'exponent of -0.0616'

cat >stops.csv <<'END'
model,scenario,num_predict,eval_count_median,kv_decode_ms_median,kv_decode_ms_equiv_median
gemma3:270m,micro,64,21,107,326
gemma3:270m,medium,64,64,326,326
qwen2.5:7b,micro,64,31,343,709
qwen2.5:7b,medium,64,64,709,709
gpt-oss-20b,micro,64,64,3008,3008
gpt-oss-20b,medium,64,64,2990,2990
END
audit stops.csv
finds "TR121: answers that stop before the others' limit" early-stop warn '2 cells stop at 21 to 31 tokens, before the 64 that 4 others reach'
sed 's/,21,107/,64,326/; s/,31,343/,64,709/' stops.csv >own.csv
audit own.csv
silent "TR121: answers of one length" early-stop
sed '/gpt-oss/d; s/,64,64,/,64,60,/' stops.csv >own.csv
audit own.csv
silent "TR121: answers of lengths of their own" early-stop

cat >nested.json <<'END'
{"poller": {"quality": "degraded", "max_gap_ms": 1300.0},
 "baseline": {"idle_watts_mean": 20.710, "idle_watts_std": 9.965, "idle_watts_min": 1.2, "idle_watts_max": 26.424}}
END
audit nested.json
finds "TR122: the same inside run_metadata.json" idle-mixture fail 'near 1.2 W (21 %) and 25.8 W'

cat >joule.csv <<'END'
batch_size,watts,joules,energy_quality,gap_fraction
1,58.2,3.1,no_data,1.0
4,71.0,5.5,gappy,0.31
16,95.1,12.4,good,0.02
END
audit joule.csv
ok "TR122: the message names the batch size" grep -q -- '--map scenario=batch_size' err
audit joule.csv --map scenario=batch_size
finds "TR122: energies that the source itself calls no data" power-undersampled fail "calls its power 'no_data', with 100 % of the window"
finds "TR122: and gappy" power-undersampled fail "calls its power 'gappy'"
sed 's/no_data,1.0/good,0/; s/gappy,0.31/good,0.05/' joule.csv >own.csv
audit own.csv --map scenario=batch_size
silent "TR122: good ones are not accused" power-undersampled

printf 'backend,mode,a,b,r2,overhead_fraction\nhf_gpu,kv_decode,330.1,0.012,0.0005,0.998\n' >r2.csv
audit r2.csv
finds "TR121: an overhead from a fit that explains nothing" fit-not-actionable warn 'states a law, R2 0.0005: no law'

echo "1..$n"
exit $failed
