#include "import/field.h"

#include "base/defs.h"
#include "base/nearest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ALSO(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) nullptr})

/* clang-format off */
const struct field_info field_table[FIELD_COUNT] = {
    [FIELD_SCENARIO] = {"scenario", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "prompt set and mode; \"imported\" where the source has none",
        ALSO("scenario_name", "prompt_set", "workload", "task")},
    [FIELD_BACKEND] = {"backend", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "engine and device; \"unknown\" where the source has none",
        ALSO("backend_name", "engine", "runtime", "framework", "backend_a", "group_a", "backend_label")},
    [FIELD_MODEL] = {"model", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "the model; \"unknown\" where the source has none", ALSO("model_name", "model_id", "model_tag")},
    [FIELD_PRECISION] = {"precision", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "fp32, fp16, int8, q4_k_m, ...; \"unknown\" where the source has none",
        ALSO("quantization", "quant", "dtype", "quantization_mode", "quant_mode", "quant_type",
        "torch_dtype")},
    [FIELD_RAN_BACKEND] = {"ran_backend", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "what the source says really ran: engine, execution provider or device, where it is not the "
        "label", ALSO("backend_used", "actual_backend", "execution_provider", "device")},
    [FIELD_RAN_PRECISION] = {"ran_precision", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "the data type that the source says really ran",
        ALSO("actual_precision", "compute_dtype", "engine_dtype", "layer_dtype", "weights_dtype", "layer_dtypes", "layer_output_dtype_counts")},
    [FIELD_TIMED_REGION] = {"timed_region", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "where the clock starts and stops, in words", ALSO("timing_boundary", "timed")},
    [FIELD_MODE] = {"mode", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "which part of the work a row is of: prefill, decode, generate, e2e, ...; it stands behind the "
        "scenario's name, if it is not in it", ALSO()},
    [FIELD_COMPILED] = {"compiled", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "whether the source says that it compiled: true, false",
        ALSO("compile_called", "compile_enabled", "is_compiled", "torch_compile", "compile_happened",
        "was_compiled")},
    [FIELD_COMPILE_FALLBACK] = {"compile_fallback", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "the compiler that did not do, where another way stood in",
        ALSO("fallback_from", "compile_fallback_from", "fallback_error", "fallback")},
    [FIELD_COMPILE_GRAPHS] = {"compile_graphs", FIELD_KIND_WHOLE, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "that the compiler made", ALSO("unique_graphs", "graph_count", "n_graphs", "num_graphs",
        "compiled_graphs")},
    [FIELD_INVOCATION] = {"invocation", FIELD_KIND_ID, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "the process that ran it; 0 where the source has none", ALSO("invocation_id")},
    [FIELD_REPETITION] = {"repetition", FIELD_KIND_ID, FIELD_PLAIN, FIELD_OF_SAMPLE, false,
        "the pass over the prompts; where no prompts are told apart, the number of the sample",
        ALSO("repetition_index", "rep", "rep_idx", "repeat", "iteration", "iter", "trial", "sample_idx",
        "sample_index", "request_idx", "request_index")},
    [FIELD_PROMPT_INDEX] = {"prompt_index", FIELD_KIND_ID, FIELD_PLAIN, FIELD_OF_SAMPLE, false,
        "the prompt; words are numbered as they appear", ALSO("prompt_idx", "prompt_id")},
    [FIELD_PHASE] = {"phase", FIELD_KIND_PHASE, FIELD_PLAIN, FIELD_OF_SAMPLE, false,
        "cold, warmup or measured; measured where the source has none, and the audit knows that it "
        "was not said; true and false of a column is_warmup",
        ALSO("is_warmup", "is_warm_up", "warmup", "warm_up")},
    [FIELD_STARTED_AT] = {"started_at", FIELD_KIND_TIME, FIELD_INSTANT, FIELD_OF_SAMPLE, false,
        "when it was sent: ISO 8601, or a number with its unit (COLUMN:s)",
        ALSO("start_time", "timestamp", "datetime")},
    [FIELD_STATUS] = {"status", FIELD_KIND_STATUS, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "ok, error, timeout, ...; ok where the source has none", ALSO("success", "succeeded", "ok")},
    [FIELD_LATENCY_MS] = {"latency_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_SAMPLE, true,
        "from sending to the last token",
        ALSO("e2e_latency_ms", "request_latency_ms", "total_latency_ms", "elapsed_ms", "duration_ms",
        "e2e_ms", "total_ms", "total_time_ms", "total_duration_ms", "response_time_ms", "wall_ms",
        "wall_time_ms", "inference_ms", "inference_time_ms", "inference_latency_ms", "latencies_ms")},
    [FIELD_TTFT_MS] = {"ttft_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_BOTH, false,
        "to the first token", ALSO("time_to_first_token_ms", "first_token_ms", "first_token_latency_ms")},
    [FIELD_PREFILL_MS] = {"prefill_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_BOTH, false,
        "over the prompt", ALSO("prefill_time_ms", "prefill_latency_ms", "prefill_duration_ms", "prompt_eval_ms",
        "prompt_eval_duration_ms", "prompt_ms")},
    [FIELD_DECODE_MS] = {"decode_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_BOTH, false,
        "from the first token to the last", ALSO("decode_time_ms", "decode_latency_ms", "decode_duration_ms", "eval_ms",
        "eval_duration_ms", "predicted_ms", "kv_decode_ms")},
    [FIELD_PROMPT_TOKENS] = {"prompt_tokens", FIELD_KIND_WHOLE, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "of the request, without padding", ALSO("input_tokens", "n_prompt_tokens", "num_prompt_tokens", "n_input_tokens",
        "prompt_eval_count", "prompt_n", "actual_prompt_tokens", "real_prompt_tokens")},
    [FIELD_PADDING_TOKENS] = {"padding_tokens", FIELD_KIND_WHOLE, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "added to the prompts to fill a window or a batch", ALSO("pad_tokens", "n_padding")},
    [FIELD_GENERATED_TOKENS] = {"generated_tokens", FIELD_KIND_WHOLE, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "of the answer", ALSO("output_tokens", "completion_tokens", "tokens_generated", "new_tokens", "n_output_tokens",
        "n_generated_tokens", "num_generated_tokens", "num_output_tokens", "eval_count",
        "predicted_n", "gen_tokens", "n_gen_tokens")},
    [FIELD_TOKENS] = {"tokens", FIELD_KIND_WHOLE, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "where the source does not say which", ALSO("total_tokens", "num_tokens", "n_tokens")},
    [FIELD_TOKENS_PER_S] = {"tokens_per_s", FIELD_KIND_AMOUNT, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "as the source has it; nothing is derived from it",
        ALSO("tokens_per_second", "tokens_s", "tok_s", "tok_per_s", "tok_per_sec", "tokens_per_sec", "tps",
        "throughput_tok_s", "throughput_tokens_per_s", "throughput_tokens_per_second",
        "throughput_tps", "throughput_mean_tok_s", "mean_tok_s", "tok_s_mean", "mean_tokens_per_s")},
    [FIELD_POWER_W] = {"power_w", FIELD_KIND_NUMBER, FIELD_POWER, FIELD_OF_BOTH, false,
        "while it ran", ALSO("power_watts", "avg_power_w", "mean_power_w", "power_mean_w",
        "power_mean_watts", "gpu_power_w", "power_draw_w", "watts", "mean_watts", "avg_watts",
        "gpu_power_mean_watts", "gpu_power_watts", "gpu_watts", "gpu_power_mean_w")},
    [FIELD_IDLE_POWER_W] = {"idle_power_w", FIELD_KIND_NUMBER, FIELD_POWER, FIELD_OF_BOTH, false,
        "of the same device at rest, as the source subtracts it",
        ALSO("idle_w", "idle_watts", "idle_power_watts", "baseline_power_w", "baseline_w",
        "idle_watts_mean", "gpu_power_idle_watts", "gpu_idle_watts", "gpu_idle_w", "gpu_idle_power_w")},
    [FIELD_POWER_SAMPLES] = {"power_samples", FIELD_KIND_WHOLE, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "readings of the power behind power_w",
        ALSO("n_power_samples", "power_readings", "n_power_readings", "telemetry_samples",
        "resource_metrics_samples")},
    [FIELD_POWER_WINDOW_MS] = {"power_window_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_BOTH,
        false, "the time over which they were taken",
        ALSO("monitor_duration_ms", "telemetry_duration_ms", "power_duration_ms",
        "resource_metrics_duration_ms")},
    [FIELD_POWER_STD_W] = {"power_std_w", FIELD_KIND_AMOUNT, FIELD_POWER, FIELD_OF_CELL, false,
        "of its readings", ALSO("power_std_watts", "power_sd_w", "idle_watts_std")},
    [FIELD_POWER_MIN_W] = {"power_min_w", FIELD_KIND_NUMBER, FIELD_POWER, FIELD_OF_CELL, false,
        "of its readings", ALSO("power_min_watts", "min_power_w", "idle_watts_min")},
    [FIELD_POWER_MAX_W] = {"power_max_w", FIELD_KIND_NUMBER, FIELD_POWER, FIELD_OF_CELL, false,
        "of its readings", ALSO("power_max_watts", "max_power_w", "peak_power_w", "idle_watts_max")},
    [FIELD_ENERGY_J] = {"energy_j", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "that the source books for it, idle subtracted or not",
        ALSO("net_energy_j", "operational_joules", "energy_joules", "joules",
        "operational_energy_j", "operational_energy_j_per_1m", "operational_energy_j_per_1m_tokens",
        "net_energy_j_per_1m_tokens", "net_joules_per_1m_tokens", "energy_j_per_1m_tokens", "net_j")},
    [FIELD_COST_PER_HOUR] = {"cost_per_hour", FIELD_KIND_AMOUNT, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "price of the machine, in the same currency as cost_per_million",
        ALSO("cost_per_hour_usd", "price_per_hour", "usd_per_hour", "rate_usd_per_hour",
        "hourly_rate_usd", "usd_h", "usd_hour", "usd_per_h")},
    [FIELD_PRICING] = {"pricing", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "what kind of price: on_demand, spot, reserved (rents, which hold the power); on_prem, colocation",
        ALSO("pricing_tier", "price_tier", "pricing_model")},
    [FIELD_COST_TOTAL] = {"cost_total", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "the source's total, of whatever the parts are of: a request, an hour, a million tokens",
        ALSO("cost_usd", "total_cost_usd", "total_usd", "cost_total_usd", "request_cost_usd")},
    [FIELD_COST_INFRA] = {"cost_infra", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "a part of that total: the machine, by its price per hour",
        ALSO("infra_usd", "infra_cost_usd", "infrastructure_usd", "infrastructure_cost_usd",
        "compute_usd", "compute_cost_usd", "infra_cost_usd_per_1m_tokens", "infra_cost_usd_per_1m")},
    [FIELD_COST_ENERGY] = {"cost_energy", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "a part of that total: electricity",
        ALSO("energy_usd", "energy_cost_usd", "electricity_usd", "electricity_cost_usd",
        "energy_cost_usd_per_1m_tokens", "energy_cost_usd_per_1m")},
    [FIELD_COST_PURCHASE] = {"cost_purchase", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "a part of that total: the bought machine's share",
        ALSO("purchase_usd", "hardware_usd", "capex_usd", "amortized_usd", "amortised_usd",
        "amortization_usd", "depreciation_usd")},
    [FIELD_POWER_QUALITY] = {"power_quality", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "what the source itself calls its power or energy: good, gappy, no_data, ...",
        ALSO("energy_quality", "power_status", "energy_status", "telemetry_quality", "poller_quality")},
    [FIELD_POWER_GAPS] = {"power_gaps", FIELD_KIND_AMOUNT, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "share of the window, 0 to 1, in which the power was not read",
        ALSO("gap_fraction", "power_gap_fraction", "gap_share", "missing_fraction")},
    [FIELD_TEMPERATURE_C] = {"temperature_c", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "of the device, while it ran", ALSO("temperature_celsius", "temp_c", "gpu_temperature_c",
        "gpu_temp_c", "cpu_temperature_c", "cpu_temp_c")},
    [FIELD_CLOCK_MHZ] = {"clock_mhz", FIELD_KIND_AMOUNT, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "of the device, while it ran", ALSO("gpu_clock_mhz", "sm_clock_mhz", "cpu_clock_mhz",
        "cpu_mhz", "frequency_mhz", "freq_mhz")},
    [FIELD_STEAL_PERCENT] = {"steal_percent", FIELD_KIND_AMOUNT, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "of the processors' time that other guests took", ALSO("steal_pct", "cpu_steal_percent")},
    [FIELD_PARAMS_MILLIONS] = {"params_millions", FIELD_KIND_AMOUNT, FIELD_MILLIONS, FIELD_OF_BOTH, false,
        "parameters of the model, in millions", ALSO("params_m", "n_params_m", "num_params_m", "n_params_millions", "parameters_millions")},
    [FIELD_N_LAYERS] = {"n_layers", FIELD_KIND_WHOLE, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "of the model", ALSO("n_layer", "num_layers", "num_hidden_layers", "layers", "depth")},
    [FIELD_D_MODEL] = {"d_model", FIELD_KIND_WHOLE, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "width of the model", ALSO("n_embd", "hidden_size", "hidden_dim", "embedding_dim", "width")},
    [FIELD_HOST] = {"host", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "machine, system or driver that it ran on", ALSO("hostname", "machine", "os", "platform",
        "operating_system", "driver", "driver_version", "runtime_env", "host_os")},
    [FIELD_N_SAMPLES] = {"n_samples", FIELD_KIND_WHOLE, FIELD_PLAIN, FIELD_OF_CELL, true,
        "that the cell's figures rest on", ALSO("num_samples", "sample_count", "n_a")},
    [FIELD_MEAN_MS] = {"mean_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, true,
        "latency of the cell", ALSO("avg_ms", "mean_latency_ms", "avg_latency_ms", "latency_mean_ms",
        "latency_avg_ms", "mean_a_ms")},
    [FIELD_MEDIAN_MS] = {"median_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, true,
        "latency of the cell", ALSO("median_latency_ms", "p50_ms", "p50_latency_ms", "latency_p50_ms",
        "latency_median_ms")},
    [FIELD_STD_MS] = {"std_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, true,
        "latency of the cell", ALSO("std_latency_ms", "stddev_ms", "sd_ms", "latency_std_ms", "std_a_ms")},
    [FIELD_P99_MS] = {"p99_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, true,
        "latency of the cell", ALSO("p99_latency_ms", "latency_p99_ms")},
    [FIELD_MAX_MS] = {"max_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, true,
        "latency of the cell", ALSO("max_latency_ms", "latency_max_ms")},
    [FIELD_FIRST_MS] = {"first_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, true,
        "latency of the cell's first sample", ALSO("first_latency_ms", "first_sample_ms", "cold_ms", "cold_start_ms", "cold_first_ms")},
    [FIELD_MEAN_EXCL_FIRST_MS] = {"mean_excl_first_ms", FIELD_KIND_AMOUNT, FIELD_DURATION,
        FIELD_OF_CELL, true, "latency without the first sample", ALSO("mean_excl_first_latency_ms", "mean_without_first_ms", "mean_of_rest_ms", "mean_rest_ms")},
    [FIELD_MEDIAN_REST_MS] = {"median_rest_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, true,
        "latency without the first sample", ALSO("median_rest_latency_ms", "rest_median_ms", "median_of_rest_ms", "median_without_first_ms", "warm_median_ms")},
    [FIELD_MIN_MS] = {"min_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, true,
        "latency of the cell", ALSO("min_latency_ms", "latency_min_ms")},
    [FIELD_Q25_MS] = {"q25_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, true,
        "latency of the cell", ALSO("p25_ms", "p25_latency_ms", "latency_p25_ms")},
    [FIELD_Q75_MS] = {"q75_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, true,
        "latency of the cell", ALSO("p75_ms", "p75_latency_ms", "latency_p75_ms")},
    [FIELD_P90_MS] = {"p90_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, true,
        "latency of the cell", ALSO("p90_latency_ms", "latency_p90_ms")},
    [FIELD_P95_MS] = {"p95_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, true,
        "latency of the cell", ALSO("p95_latency_ms", "latency_p95_ms")},
    [FIELD_CI_LOW_MS] = {"ci_low_ms", FIELD_KIND_NUMBER, FIELD_DURATION, FIELD_OF_CELL, true,
        "95 % interval of the mean", ALSO("ci_lower_ms", "ci_95_lower_ms", "ci95_low_ms", "ci95_lower_ms")},
    [FIELD_CI_HIGH_MS] = {"ci_high_ms", FIELD_KIND_NUMBER, FIELD_DURATION, FIELD_OF_CELL, true,
        "95 % interval of the mean", ALSO("ci_upper_ms", "ci_95_upper_ms", "ci95_high_ms", "ci95_upper_ms")},
    [FIELD_COST_PER_MILLION] = {"cost_per_million", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_BOTH, false,
        "money per million tokens, in whatever currency",
        ALSO("cost_per_million_tokens_usd", "usd_per_million_tokens", "cost_per_1m_tokens",
        "total_cost_usd_per_1m_tokens", "infra_cost_usd_per_1m_tokens", "cost_usd_per_1m_tokens",
        "usd_per_1m_tokens", "total_cost_usd_per_1m", "infra_cost_usd_per_1m", "usd_per_1m",
        "usd_per_million", "cost_per_million_usd",
        "cost_per_1m", "cost_per_million_tokens", "infra_usd_per_1m", "infra_cost_per_1m", "total_usd_per_1m",
        "total_cost_per_1m", "infra_usd_per_1m_tokens", "cost_per_mtok", "usd_per_mtok", "usd_1m_tokens",
        "usd_1m", "usd_m_tokens")},
    [FIELD_VERSUS] = {"versus", FIELD_KIND_NAME, FIELD_PLAIN, FIELD_OF_CELL, false,
        "the backend that the row is compared with, where it states a comparison", ALSO("compared_with", "backend_b", "group_b", "compared_to", "baseline_backend", "reference_backend")},
    [FIELD_VERSUS_N] = {"versus_n", FIELD_KIND_WHOLE, FIELD_PLAIN, FIELD_OF_CELL, false,
        "samples of the other; its own row tells it too", ALSO("n_b")},
    [FIELD_VERSUS_MEAN_MS] = {"versus_mean_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, false,
        "mean of the other", ALSO("mean_b_ms")},
    [FIELD_VERSUS_STD_MS] = {"versus_std_ms", FIELD_KIND_AMOUNT, FIELD_DURATION, FIELD_OF_CELL, false,
        "standard deviation of the other", ALSO("std_b_ms")},
    [FIELD_DIFFERENCE_MS] = {"difference_ms", FIELD_KIND_NUMBER, FIELD_DURATION, FIELD_OF_CELL, false,
        "of the two means, as the source has it", ALSO("mean_difference_ms")},
    [FIELD_CHANGE_PERCENT] = {"change_percent", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_CELL, false,
        "of the two means, as the source has it", ALSO("percent_change")},
    [FIELD_T_STATISTIC] = {"t_statistic", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_CELL, false,
        "of the comparison, as the source has it", ALSO("t_stat")},
    [FIELD_P_VALUE] = {"p_value", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_CELL, false,
        "of the comparison, as the source has it", ALSO("p_val")},
    [FIELD_COHENS_D] = {"cohens_d", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_CELL, false,
        "of the comparison, as the source has it", ALSO("effect_size_cohens_d", "cohen_d")},
    [FIELD_F_STATISTIC] = {"f_statistic", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_CELL, false,
        "of the analysis of variance over the rows that state it", ALSO("anova_f", "anova_f_statistic")},
    [FIELD_F_P_VALUE] = {"f_p_value", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_CELL, false,
        "of that analysis of variance", ALSO("anova_p", "anova_p_value")},
    [FIELD_EXPONENT] = {"exponent", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_CELL, false,
        "of a power law by model size over the rows that state it", ALSO("power_law_exponent", "slope_log10", "loglog_slope",
        "log_log_slope", "slope")},
    [FIELD_EXPONENT_LOW] = {"exponent_low", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_CELL, false,
        "lower end of its interval", ALSO("exponent_ci_low", "exponent_ci_lower", "slope_ci_low",
        "slope_ci_lower", "slope_low")},
    [FIELD_EXPONENT_HIGH] = {"exponent_high", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_CELL, false,
        "upper end of its interval", ALSO("exponent_ci_high", "exponent_ci_upper", "slope_ci_high",
        "slope_ci_upper", "slope_high")},
    [FIELD_R2] = {"r2", FIELD_KIND_NUMBER, FIELD_PLAIN, FIELD_OF_CELL, false,
        "of that law", ALSO("r_squared")},
};

static const struct field_unit units[] = {
    {"ns", FIELD_DURATION, 1, 1e6}, {"us", FIELD_DURATION, 1, 1e3}, {"ms", FIELD_DURATION, 1, 1},
    {"s", FIELD_DURATION, 1e3, 1},  {"min", FIELD_DURATION, 6e4, 1},
    {"ns", FIELD_INSTANT, 1, 1},    {"us", FIELD_INSTANT, 1e3, 1},  {"ms", FIELD_INSTANT, 1e6, 1},
    {"s", FIELD_INSTANT, 1e9, 1},   {"min", FIELD_INSTANT, 6e10, 1},
    {"mW", FIELD_POWER, 1, 1e3},    {"W", FIELD_POWER, 1, 1},       {"kW", FIELD_POWER, 1e3, 1},
    {"count", FIELD_MILLIONS, 1, 1e6}, {"K", FIELD_MILLIONS, 1, 1e3}, {"M", FIELD_MILLIONS, 1, 1},
    {"B", FIELD_MILLIONS, 1e3, 1},
};
/* clang-format on */

enum field field_find(const char *name)
{
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        if (strcmp(field_table[f].name, name) == 0)
            return (enum field)f;
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        for (unsigned i = 0; field_table[f].also[i]; i++)
            if (strcmp(field_table[f].also[i], name) == 0)
                return (enum field)f;
    return FIELD_COUNT;
}

const char *field_nearest(const char *name)
{
    const char *names[FIELD_COUNT];
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        names[f] = field_table[f].name;
    return nearest_word(name, names, FIELD_COUNT);
}

const struct field_unit *field_unit_find(enum field f, const char *name)
{
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (units[i].quantity == field_table[f].quantity && strcmp(units[i].name, name) == 0)
            return &units[i];
    return nullptr;
}

const char *field_units(enum field f)
{
    static const char *const lists[] = {
        [FIELD_PLAIN] = "",
        [FIELD_DURATION] = "ns, us, ms, s, min",
        [FIELD_INSTANT] = "ns, us, ms, s, min",
        [FIELD_POWER] = "mW, W, kW",
        [FIELD_MILLIONS] = "count, K, M, B",
    };
    return lists[field_table[f].quantity];
}

void field_plain_name(const char *name, char out[static FIELD_LONGEST])
{
    size_t n = 0;
    for (; *name && n + 6 < FIELD_LONGEST; name++) {
        if (isalnum((unsigned char)*name)) {
            out[n++] = (char)tolower((unsigned char)*name);
        } else if (*name == '$') { /* "$/1M tokens" is usd_1m_tokens */
            n += (size_t)snprintf(out + n, FIELD_LONGEST - n, "%susd",
                                  n > 0 && out[n - 1] != '_' ? "_" : "");
        } else if (n > 0 && out[n - 1] != '_') {
            out[n++] = '_';
        }
    }
    while (n > 0 && out[n - 1] == '_')
        n--;
    out[*name ? 0 : n] = '\0';
}

unsigned field_matches(enum field f, const char *column)
{
    char plain[FIELD_LONGEST];
    field_plain_name(column, plain);
    if (strcmp(plain, field_table[f].name) == 0)
        return 1;
    for (unsigned i = 0; field_table[f].also[i]; i++)
        if (strcmp(plain, field_table[f].also[i]) == 0)
            return i + 2;
    return 0;
}

/* Words of a name that say which figure of the latency it is, or that it is a mean. */
static const struct {
    enum field field;
    const char *words[6];
} figures[] = {
    {FIELD_MEAN_MS, {"mean", "avg", "average"}},
    {FIELD_MEDIAN_MS, {"median", "p50", "med"}},
    {FIELD_STD_MS, {"std", "sd", "stddev", "stdev"}},
    {FIELD_MIN_MS, {"min", "minimum"}},
    {FIELD_MAX_MS, {"max", "maximum"}},
    {FIELD_Q25_MS, {"q25", "p25", "q1"}},
    {FIELD_Q75_MS, {"q75", "p75", "q3"}},
    {FIELD_P90_MS, {"p90"}},
    {FIELD_P95_MS, {"p95"}},
    {FIELD_P99_MS, {"p99"}},
    {FIELD_FIRST_MS, {"first"}},
};

/* plain without the piece `word`; false: it is no piece of it. */
static bool without_piece(const char *plain, const char *word, char out[static FIELD_LONGEST])
{
    const size_t n = strlen(word);
    for (const char *at = strstr(plain, word); at; at = strstr(at + 1, word)) {
        const bool begins = at == plain || at[-1] == '_', ends = !at[n] || at[n] == '_';
        if (!begins || !ends || strlen(plain) == n)
            continue;
        const char *const rest = at[n] ? at + n + 1 : at + n;
        const size_t head = (size_t)(at - plain) - (at[n] || at == plain ? 0 : 1);
        (void)snprintf(out, FIELD_LONGEST, "%.*s%s", (int)head, plain, rest);
        return true;
    }
    return false;
}

unsigned field_matches_figure(enum field f, const char *column)
{
    char plain[FIELD_LONGEST], rest[FIELD_LONGEST];
    field_plain_name(column, plain);
    const bool own = field_table[f].rows == FIELD_OF_BOTH && f >= FIELD_TTFT_MS &&
                     field_table[f].kind >= FIELD_KIND_WHOLE;
    for (size_t i = 0; i < COUNT_OF(figures); i++) {
        const bool median = own && figures[i].field == FIELD_MEDIAN_MS;
        if (figures[i].field != f && !median && !(own && figures[i].field == FIELD_MEAN_MS))
            continue;
        for (size_t k = 0; k < COUNT_OF(figures[i].words) && figures[i].words[k]; k++) {
            if (!without_piece(plain, figures[i].words[k], rest))
                continue;
            const unsigned fit = field_matches(own ? f : FIELD_LATENCY_MS, rest);
            if (fit > 0)
                return fit + (median ? 100U : 0U); /* where there are both, the mean */
        }
    }
    return 0;
}

/* name with its unit cut off or changed to the field's own would be the field's. */
static bool is_with_unit(enum field f, const char *plain, const char *unit)
{
    char lower[FIELD_LONGEST], other[2 * FIELD_LONGEST];
    field_plain_name(unit, lower);
    const size_t n = strlen(plain), u = strlen(lower);
    if (n < u + 2 || strcmp(plain + n - u, lower) != 0 || plain[n - u - 1] != '_')
        return false;
    const char *const own = field_table[f].quantity == FIELD_DURATION ? "_ms"
                            : field_table[f].quantity == FIELD_POWER  ? "_w"
                                                                      : "_millions";
    (void)snprintf(other, sizeof other, "%.*s%s", (int)(n - u - 1), plain, own);
    return field_matches(f, other) > 0 || field_matches_figure(f, other) > 0;
}

enum field field_in_other_unit(const char *column, const char **ret_unit)
{
    static const char *const counts[] = {"params",      "parameters",     "n_params",
                                         "num_params",  "model_n_params", "param_count",
                                         "params_count"};
    char plain[FIELD_LONGEST];
    field_plain_name(column, plain);
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        if (strcmp(plain, counts[i]) == 0) {
            *ret_unit = "count";
            return FIELD_PARAMS_MILLIONS;
        }
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        for (size_t i = 0; i < COUNT_OF(units); i++)
            if (units[i].quantity == field_table[f].quantity &&
                units[i].quantity != FIELD_INSTANT && units[i].times != units[i].by &&
                strcmp(units[i].name, "min") != 0 && /* "latency_min" is the least one */
                is_with_unit((enum field)f, plain, units[i].name)) {
                *ret_unit = units[i].name;
                return (enum field)f;
            }
    return FIELD_COUNT;
}

bool field_is_truth(enum field f, unsigned fit)
{
    return (f == FIELD_STATUS && fit > 1) || (f == FIELD_PHASE && (fit == 2 || fit == 3));
}

bool field_may_be_another(enum field f)
{
    return f == FIELD_STARTED_AT || f == FIELD_PARAMS_MILLIONS || f == FIELD_PHASE;
}
