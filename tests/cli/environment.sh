#!/bin/sh
# doctor and env: what they promise. usage: environment.sh CHIMERA
chimera=$1
n=0 failed=0
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

check() { # label, then a command
    label=$1; shift; n=$((n + 1))
    if "$@"; then echo "ok $n - $label"; else echo "not ok $n - $label"; failed=$((failed + 1)); fi
}
is() { [ "$1" = "$2" ] || { echo "# got '$1', want '$2'"; false; }; }
has() { grep -q -e "$2" "$1" || { echo "# no '$2' in:"; sed 's/^/# /' "$1"; false; }; }

"$chimera" doctor >"$folder/doctor" 2>"$folder/err"; code=$?
check 'doctor ends 0, or 3 where no engine is here' is "$code" "$(grep -q 'no engine can run here' "$folder/doctor" && echo 3 || echo 0)"
for name in transformers-cpu transformers-gpu-compile onnxruntime-cpu llamacpp-cpu tensorrt ollama openai synthetic; do
    check "doctor speaks of $name" has "$folder/doctor" "^  \(yes\|-  \) $name "
done
check 'and of the clock' has "$folder/doctor" 'read_cost_ns .* ns$'

"$chimera" doctor --json >"$folder/doctor.json" 2>"$folder/err"
check 'doctor --json is one object' has "$folder/doctor.json" '"schema": "chimera.env/1"'
check 'with nothing on standard error' is "$(cat "$folder/err")" ''

OMP_NUM_THREADS=3 "$chimera" -q env -o "$folder/env.json"
check 'env writes the file' has "$folder/env.json" '"OMP_NUM_THREADS": "3"'
check 'with the reason beside what is unknown' has "$folder/env.json" '_why": "'
check 'env -o into a folder that is not there fails' is "$("$chimera" env -o "$folder/no/env.json" 2>/dev/null; echo $?)" 1

CHIMERA_PYTHON=/nonexistent/python "$chimera" doctor >"$folder/doctor" 2>&1
check 'a Python that is not there is named' has "$folder/doctor" 'transformers-cpu .*/nonexistent/python.*CHIMERA_PYTHON'
printf '#!/bin/sh\necho rubbish\n' >"$folder/python"; chmod +x "$folder/python"
CHIMERA_PYTHON=$folder/python "$chimera" doctor >"$folder/doctor" 2>&1
check 'a Python that talks rubbish does not stop doctor' has "$folder/doctor" '^  -   transformers-cpu .*python'
echo "1..$n"
[ "$failed" = 0 ]
