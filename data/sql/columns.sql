SELECT cell, replicate, invocation, segment, phase_id, status_id, repetition, prompt_index, agent, batch_size,
       n_stops, n_early, n_steps, prompt_tokens, generated_tokens, padding_tokens, submitted_ns, finished_ns,
       latency_ms, ttft_ms, prefill_ms, decode_ms, peak_rss_mb, overlap_ms
FROM sample
