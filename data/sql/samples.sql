-- One row per sample, once: a line that stands twice (a copied file, a broken resume) counts once.
-- Table cell(id, scenario, backend, precision, model), file(path, replicate), phase(id, name) and
-- status(id, name) are filled by store/samples.c. What does not join is no sample.
CREATE OR REPLACE TABLE sample AS
SELECT * EXCLUDE (copy) FROM (
    SELECT c.id AS cell, f.replicate, p.id AS phase_id, s.id AS status_id, l.*,
           row_number() OVER (PARTITION BY c.id, f.replicate, l.invocation, l.segment, l.agent, l.submitted_ns,
                              l.seq, l.phase, l.repetition, l.prompt_index ORDER BY l.filename) AS copy
    FROM line l
    JOIN file f ON f.path = l.filename
    JOIN cell c ON c.scenario = l.scenario AND c.backend = l.backend AND c."precision" = l."precision"
               AND c.model = l.model
    JOIN phase p ON p.name = l.phase
    JOIN status s ON s.name = l.status
    WHERE l.invocation IS NOT NULL AND (l.status <> 'ok' OR l.latency_ms >= 0))
WHERE copy = 1
ORDER BY cell, replicate, invocation, segment, submitted_ns, agent, seq, phase_id, repetition, prompt_index;
