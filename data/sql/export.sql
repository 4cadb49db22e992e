SELECT replicate, scenario, backend, "precision" AS quantization, model, invocation, segment, phase, repetition,
       prompt_index, agent, seq, status, reason, latency_ms, ttft_ms, prefill_ms, decode_ms, batch_size,
       prompt_tokens, generated_tokens, padding_tokens, array_to_string(stop, '|') AS stop, n_early AS early_stops,
       cpu_ms, peak_rss_mb, overlap_ms, seed, submitted_ns, first_token_ns, finished_ns, started_at
FROM sample
