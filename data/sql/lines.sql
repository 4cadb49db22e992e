-- Every key of a line of samples.jsonl that a figure may need. Text, ids and stamps of single tokens stay in
-- the file: they are most of its bytes. The values 'files' and 'cells' are set by store/samples.c.
CREATE OR REPLACE TABLE line AS
SELECT filename, scenario, backend, "precision", model, invocation, segment, phase, repetition, prompt_index,
       agent, seq, status, reason, submitted_ns, first_token_ns, finished_ns, latency_ms, ttft_ms, prefill_ms,
       decode_ms, batch_size, prompt_tokens, generated_tokens, padding_tokens, stop,
       len(stop)::INTEGER AS n_stops,
       len(list_filter(stop, lambda s: s <> 'length'))::INTEGER AS n_early,
       len(token_ns)::INTEGER AS n_steps, cpu_ms, peak_rss_mb, seed, overlap_ms, started_at
FROM read_json(getvariable('files'), format = 'newline_delimited', ignore_errors = true, filename = true,
     columns = {scenario: 'VARCHAR', backend: 'VARCHAR', "precision": 'VARCHAR', model: 'VARCHAR',
                invocation: 'INTEGER', segment: 'INTEGER', phase: 'VARCHAR', repetition: 'INTEGER',
                prompt_index: 'INTEGER', agent: 'INTEGER', seq: 'INTEGER', status: 'VARCHAR', reason: 'VARCHAR',
                submitted_ns: 'BIGINT', first_token_ns: 'BIGINT', finished_ns: 'BIGINT', token_ns: 'BIGINT[]',
                latency_ms: 'DOUBLE', ttft_ms: 'DOUBLE', prefill_ms: 'DOUBLE', decode_ms: 'DOUBLE',
                batch_size: 'INTEGER', prompt_tokens: 'BIGINT', generated_tokens: 'BIGINT',
                padding_tokens: 'BIGINT', stop: 'VARCHAR[]', cpu_ms: 'DOUBLE', peak_rss_mb: 'DOUBLE',
                seed: 'UBIGINT', overlap_ms: 'DOUBLE', started_at: 'VARCHAR'});
