-- One row per sample, in the order of everything that follows: a scan of the table keeps it.
-- Table cell(id, scenario, backend, precision, model), file(path, replicate), phase(id, name) and
-- status(id, name) are filled by store/samples.c. What does not join is no sample.
CREATE OR REPLACE TABLE sample AS
SELECT c.id AS cell, f.replicate, p.id AS phase_id, s.id AS status_id, l.*
FROM line l
JOIN file f ON f.path = l.filename
JOIN cell c ON c.scenario = l.scenario AND c.backend = l.backend AND c."precision" = l."precision"
           AND c.model = l.model
JOIN phase p ON p.name = l.phase
JOIN status s ON s.name = l.status
WHERE l.invocation IS NOT NULL AND (l.status <> 'ok' OR l.latency_ms >= 0)
ORDER BY c.id, f.replicate, invocation, segment, submitted_ns, agent, seq, p.id, repetition, prompt_index, filename;
-- A line that stands twice (a copied file, a broken resume) counts once.
DELETE FROM sample WHERE rowid NOT IN
    (SELECT min(rowid) FROM sample GROUP BY cell, replicate, invocation, segment, agent, submitted_ns, seq, phase_id,
                                            repetition, prompt_index);
DROP TABLE line;
