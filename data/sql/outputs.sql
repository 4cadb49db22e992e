-- One row per cell and prompt: what came out in its first measured ok sample (by replicate, invocation, segment,
-- repetition), how many such samples there are, how many different texts, and their tokens. Outputs of a batch are
-- numbered from its first prompt on. Tables cell and file are those of samples.sql.
WITH raw AS (
    SELECT filename, scenario, backend, "precision", model, invocation, segment, repetition, prompt_index, submitted_ns,
           generate_subscripts(outputs, 1) - 1 AS i, unnest(outputs) AS output,
           unnest(CASE WHEN len(output_ids) = len(outputs) THEN output_ids
                       ELSE list_transform(outputs, lambda x: NULL::BIGINT[]) END) AS ids
    FROM read_json(getvariable('files'), format = 'newline_delimited', ignore_errors = true, filename = true,
         columns = {scenario: 'VARCHAR', backend: 'VARCHAR', "precision": 'VARCHAR', model: 'VARCHAR',
                    invocation: 'INTEGER', segment: 'INTEGER', phase: 'VARCHAR', repetition: 'INTEGER',
                    prompt_index: 'INTEGER', status: 'VARCHAR', submitted_ns: 'BIGINT', outputs: 'VARCHAR[]',
                    output_ids: 'BIGINT[][]'})
    WHERE phase = 'measured' AND status = 'ok' AND len(outputs) > 0
), placed AS (
    SELECT c.id AS cell, raw.prompt_index + raw.i AS prompt, output, ids,
           row_number() OVER (PARTITION BY c.id, raw.prompt_index + raw.i
                              ORDER BY f.replicate, invocation, segment, repetition, submitted_ns) AS place
    FROM raw
    JOIN file f ON f.path = raw.filename
    JOIN cell c ON c.scenario = raw.scenario AND c.backend = raw.backend AND c."precision" = raw."precision"
               AND c.model = raw.model
    WHERE output IS NOT NULL
)
SELECT cell::INTEGER, prompt::INTEGER, count(*)::BIGINT, count(DISTINCT output)::BIGINT,
       sum(len(ids))::DOUBLE, max(output) FILTER (place = 1), array_to_string(max(ids) FILTER (place = 1), ' ')
FROM placed GROUP BY cell, prompt ORDER BY cell, prompt
