#!/bin/sh
# import_faults.sh - tables as other projects publish them, with a fault and without: imported with a plain mapping, then
# audited. The faults are those of docs/MISTAKES.md. usage: import_faults.sh CHIMERA ROOT
set -u
chimera=$1 root=$2
case $chimera in /*) ;; *) chimera=$PWD/$chimera ;; esac
case $root in /*) ;; *) root=$PWD/$root ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
# shellcheck source=tests/support/tap.sh
. "$root/tests/support/tap.sh"

# FAULT ROWS-PROGRAM: a table made by awk, whose randomness is seeded; n() is normal, l(m, s) lognormal
make_table() {
    awk -v fault="$1" -v OFS=, '
        function n() { return sqrt(-2 * log(1 - rand())) * cos(6.283185307 * rand()) }
        function l(m, s) { return m * exp(s * n()) }
        BEGIN { srand(17); '"$2"' }' >t.csv
}
# shellcheck disable=SC2329  # called through ok
takes() { rm -rf d && "$chimera" import t.csv -o d "$@" >out 2>err && "$chimera" --json audit d >found 2>>err || [ $? = 1 ]; }
# shellcheck disable=SC2329  # called through ok
finds() { tr -d '\n' <found | grep -Eq "\"check\": \"$1\", *\"severity\": \"(warn|fail)\"" && { [ $# = 1 ] || grep -Eq "$2" found; }; }
# shellcheck disable=SC2329  # called through ok
silent() { ! finds "$1"; }

try() { # M CHECK MESSAGE PROGRAM [import's arguments]
    m=$1 check=$2 message=$3 program=$4
    shift 4
    make_table 1 "$program"
    ok "$m: the table is taken" takes "$@"
    ok "$m: $check speaks, with the figures" finds "$check" "$message"
    make_table 0 "$program"
    takes "$@"
    ok "$m: $check is silent of the clean twin" silent "$check"
}

# shellcheck disable=SC2016  # awk's
tr117='print "scenario,prompt_set,backend,model,quantization,sample_idx,is_first_sample,latency_ms,ttft_ms,tokens,tokens_per_s,status,error,accuracy"
    split("single_micro single_short single_medium single_long dual_short dual_medium stress_single", S, " ")
    split("fp32 fp16 int8", Q, " ")
    for (s = 1; s <= 7; s++) for (q = 1; q <= 3; q++) for (i = 0; i < 14; i++) {
        t = l((260 + 40 * s) * (effect ? 1 : 1.25 - .2 * q), .03); k = 85
        if (dual && s >= 5) { k = 170; t = l(260 + 40 * (s - 3), .03) }
        if (lost && i == 9) k = 0
        print S[s], S[s], "transformers-gpu", "models/tiny-gpt2", Q[q], i, (i == 0), t, (copy ? t : t / 8), k, k / t * 1000, "ok", "", ""
    }'
try M1 label-effect "over 7 scenarios" "effect = fault; $tr117"
try M4 placeholder "ttft_ms is the latency in all 14 samples" "copy = fault; $tr117"
try M10 token-count "6 of 6 pairs" "effect = 1; dual = fault; $tr117"
try M16 placeholder "1 of 14 samples are ok and have no token" "lost = fault; $tr117"

# shellcheck disable=SC2016  # awk's
try M5 placeholder "14 samples that are not ok have latencies" 'print "scenario,backend,model,latency_ms,tokens,status"
    for (i = 0; i < 14; i++) { print "s", "transformers-gpu", "m", l(300, .05), 80, "ok"; print "s", "tensorrt", "m", (fault ? .35 : ""), 0, "degraded" }'
# shellcheck disable=SC2016  # awk's
try M2 label-mismatch "ran on .CPUExecutionProvider" 'print "backend,scenario,rep,latency_ms,execution_provider"
    for (i = 0; i < 10; i++) print "onnxruntime-gpu", "s", i, l(20, .05), fault && i == 4 ? "CPUExecutionProvider" : "CUDAExecutionProvider"'
# shellcheck disable=SC2016  # awk's
try M3 model-size "2 layers of width 2" 'print "model,n_layer,n_embd,params,backend,tok_s"
    print "tiny-gpt2", 2, 2, (fault ? 124000000 : 102714), "transformers-gpu", l(4010, .02)
    print "gpt2", 12, 768, 124439808, "transformers-gpu", l(2120, .02)'
# shellcheck disable=SC2016  # awk's
try M10 padding-counted "of padding" 'print "backend,scenario,rep,latency_ms,prompt_tokens,padding_tokens,tokens"
    for (i = 0; i < 10; i++) print "onnxruntime-cpu", "micro", i, l(5, .05), 1, 7, (fault ? 8 : 1)'
# shellcheck disable=SC2016  # awk's
try M12 token-count "8 more at 4 of 4" 'print "backend,scenario,rep,latency_ms,prompt_tokens,generated_tokens"
    split("8 11 19 27", P, " ")
    for (p = 1; p <= 4; p++) for (i = 0; i < 5; i++) print "torch", "s" p, i, l(40, .05), P[p], (fault ? P[p] + 8 : 8)'
# shellcheck disable=SC2016  # awk's
tr121='print "model,backend,scenario,phase,rep,prompt_tokens,generated_tokens,prefill_ms,kv_decode_ms,e2e_ms"
    split("30 38 46", P, " ")
    for (p = 1; p <= 3; p++) for (i = 0; i < 4; i++) {
        a = fault && i ? l(11.5, .01) : l(5 + 2.1 * P[p], .02); b = l(11.08 * 64, .01)
        print "qwen2.5:7b", "ollama", "s" p, (i ? "measured" : "warmup"), i, P[p], 64, a, b, a + b
    }'
try M13 cache-hit "as one decoded token does" "$tr121" --map latency_ms=e2e_ms --map decode_ms=kv_decode_ms
# shellcheck disable=SC2016  # awk's
try M14 token-count "is stated with 1024" 'print "backend,scenario,rep,prompt_tokens,prefill_ms,prefill_tok_s"
    for (i = 0; i < 7; i++) { t = l(18, .03); print "transformers-gpu", "long_context", i, 1024, t, (fault ? 710 : 1024) / t * 1000 }' \
    --map latency_ms=prefill_ms --map tokens_per_s=prefill_tok_s
# shellcheck disable=SC2016  # awk's
try M15 environment-mismatch "Linux container" 'print "backend,scenario,os,rep,latency_ms"
    for (b = 0; b < 2; b++) for (i = 0; i < 7; i++)
        print (b ? "transformers-gpu-compile" : "transformers-gpu"), "s", (b && fault ? "Linux container" : "Windows 11"), i, l(10 - 4 * b, .03)'

# shellcheck disable=SC2016  # awk's
tr119='print "backend,scenario,repetition,latency_ms,gpu_power_mean_watts,samples,duration_s"
    for (i = 0; i < 7; i++) { t = l(8000, .02); print "transformers-gpu", "s", i, t, l(60, .03), (fault ? 1 : 32), t / 1000 }'
try M29 power-undersampled "7 of 7 windows have one reading" "$tr119" --map power_w=gpu_power_mean_watts \
    --map power_samples=samples --map power_window_ms=duration_s:s
# shellcheck disable=SC2016  # awk's
trace='print "t_ns,power_w,temp_c,sm_clock_mhz,dt_s"
    for (i = 0; i < 600; i++) {
        if (!held || i % 10 == 0) w = (idle && int(i / 25) % 5 == 0) ? 1.2 + .02 * n() : 25.8 + .3 * n()
        print i * 100000000, sprintf("%.2f", w), 45, 300, .1
    }'
try M30 idle-mixture "idle has two levels, 1.2[0-9]* W" "idle = fault; $trace" --const scenario=idle
ok "M30: readings are no requests" grep -q "600 readings of power" out
try M33 power-undersampled "each for 10 readings" "held = fault; $trace" --const scenario=load
# shellcheck disable=SC2016  # awk's
try M30 idle-mixture "near 1.2 W .21 %. and 25.8 W" 'print "idle_watts_mean,idle_watts_std,idle_watts_min,idle_watts_max"
    print 20.71, (fault ? 9.965 : 4.1), 1.2, 26.424'
# shellcheck disable=SC2016  # awk's
try M31 power-source "a GPU that waits" 'print "model,backend,rep,latency_ms,power_mean_w"
    for (i = 0; i < 7; i++) {
        print "gpt2", "transformers-cpu", i, l(500, .03), l(fault ? 3.1 : 70, .05)
        print "gpt2", "transformers-gpu", i, l(100, .03), l(62, .05)
    }'
# shellcheck disable=SC2016  # awk's
try M32 negative-energy "its own idle is 20.71 W" 'print "backend,power_mean_watts,idle_watts,tokens_per_s"
    print "onnxruntime-gpu", (fault ? 16.63 : 46.6), 20.71, 2246'
# shellcheck disable=SC2016  # awk's
try M32 negative-energy "not above zero" 'print "scenario,backend,rep,latency_ms,energy_joules,operational_joules"
    for (i = 0; i < 9; i++) { w = l(fault ? 17 : 60, .08); print "bs1", "transformers-gpu", i, 50, w * .05, (w - 20.71) * .05 }'
# shellcheck disable=SC2016  # awk's
try M37 power-unit "W and mW are mixed" 'print "backend,rep,latency_ms,power_w"
    for (i = 0; i < 40; i++) { mw = 1000 * l(fault ? 1.05 : 60, .12); print "transformers-cpu", i, l(300, .05), (mw > 1000 ? mw / 1000 : mw) }'
echo "1..$n"
exit $failed
