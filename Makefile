# Two commands do all the set-up: `make drill` and `make test`.  `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SAM_VENV ?= .venv-sam
SAM_BIN := $(SAM_VENV)/bin
ARGS ?=
WORKERS ?= 2

# Every process of the lab and of the tests is a fresh Python: without kept bytecode each compiles everything once more.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help drill roundtrip gameday up test lane-quick lane-drills test-fast books lint mutate fuzz audit sam-validate sam-build sam-local bench chaos documents synth synth-options lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.python: Makefile
	@command -v $(PYTHON) >/dev/null || { echo "drlab needs Python 3.11 or newer; '$(PYTHON)' was not found. Install it, or name one: make drill PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v=sys.version_info; sys.exit(0 if v >= (3, 11) else f"drlab needs Python 3.11 or newer; {sys.executable} is {v.major}.{v.minor}. Name another: make drill PYTHON=python3.12")'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@touch $@

# Dependencies are pinned and hashed; pip refuses anything else. --no-deps: each lock is complete, and pip cannot match an
# extra that a package asks for (coverage[toml]) with the plain name's hash: it would take a newer release, and refuse it.
$(VENV)/.lab: $(VENV)/.python requirements/lab.lock pyproject.toml
	@echo "Setting up $(VENV) (once; about a minute) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/lab.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.lab requirements/dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.lock
	@touch $@

$(VENV)/.audit: $(VENV)/.dev requirements/audit.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/audit.lock
	@touch $@

# --no-compile: aws-cdk-lib is 180 MB of source, of which a synthesis imports a part, and that compiles what it imports.
$(VENV)/.cdk: $(VENV)/.dev requirements/cdk.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --no-compile -r requirements/cdk.lock
	@touch $@

$(VENV)/.gameday: $(VENV)/.lab requirements/gameday.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/gameday.lock
	@touch $@

gameday: $(VENV)/.gameday ## a scenario of runbooks/gamedays, by Chaos Toolkit on the lab (NAME=primary_outage)
	@$(BIN)/drlab gameday "$(NAME)" $(ARGS)

# aws-sam-cli pins click, boto3 and more exactly: an environment of its own keeps it from holding the rest back.
$(SAM_VENV)/.sam: $(VENV)/.python requirements/sam.lock
	@echo "Setting up $(SAM_VENV) (once; about half a minute) ..."
	@test -x $(SAM_BIN)/python || $(PYTHON) -m venv $(SAM_VENV)
	@$(SAM_BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --no-compile -r requirements/sam.lock
	@touch $@

drill: $(VENV)/.lab ## an unplanned failover on real parts, measured and reported (ARGS="--fault database-frozen ...")
	@$(BIN)/drlab drill $(ARGS)

roundtrip: $(VENV)/.lab ## a failover, a rebuild of the standby and a switchover back, in one report
	@$(BIN)/drlab roundtrip $(ARGS)

up: $(VENV)/.lab ## keep the lab running for any boto3 or AWS CLI client (Ctrl-C ends it)
	@$(BIN)/drlab up $(ARGS)

# What is left when the lanes of their own are taken out, and nothing that only those lanes load.
QUICK := -m "not drill and not book and not sam and not chaos and not contract" -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
  -p no:schemathesis --ignore-glob "*_contract.py"

# A drill mostly waits, so several share the machine, and whoever is through takes what another has not begun. Their folder
# is named: to collect all tests is 14 CPU seconds of each worker.
DRILLS_AT_ONCE ?= 2
DRILLS = -n $(DRILLS_AT_ONCE) --dist worksteal

test: $(VENV)/.cdk $(VENV)/.gameday ## every test but the lanes of their own, with coverage; with ARGS only what they choose
ifeq ($(strip $(ARGS)),)
	@$(MAKE) --no-print-directory --jobs=2 lane-quick lane-drills
else
	@$(BIN)/python -m pytest $(ARGS)
endif

# What the drills leave idle is enough for everything else: at the lowest priority it is not in their way. Coverage is
# measured here alone: it would slow a drill down, and a drill's clocks are what is measured.
lane-quick:
	@nice -n 19 $(BIN)/python -m pytest $(QUICK) --cov

lane-drills:
	@mkdir -p build
	@echo "The drills run beside the other tests; what they print is shown when they are through."
	@$(BIN)/python -m pytest -m drill $(DRILLS) tests/drills >build/drills.txt 2>&1; status=$$?; cat build/drills.txt; exit $$status

test-fast: $(VENV)/.cdk $(VENV)/.gameday ## everything but the whole drills
	@$(BIN)/python -m pytest $(QUICK) $(ARGS)

books: $(VENV)/.dev $(VENV)/.gameday ## the runbooks' commands, typed as written on a real lab, and the game days
	@$(BIN)/python -m pytest -m book $(DRILLS) tests/runbooks $(ARGS)

lint: $(VENV)/.cdk ## style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

mutate: $(VENV)/.audit ## change one thing at a time in the decisions and the leader record: do the tests notice? (ARGS=leader-record)
	@$(BIN)/python -m proofs.mutate $(ARGS)

fuzz: $(VENV)/.audit ## what schemathesis makes of both OpenAPI documents
	@$(BIN)/python -m pytest -m contract --hypothesis-profile=default tests/operator tests/service $(ARGS)

audit: $(VENV)/.audit ## what bandit and pip-audit find (ARGS=--allow-unreachable where no vulnerability service answers)
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive functions webapi lab dataplane_cdk chaos bench proofs controlplane_sam
	@$(BIN)/python -m proofs.audit_packages $(ARGS)

# `sam build` finds uv on the PATH: the one that is locked beside it.
SAM := SAM_CLI_TELEMETRY=0 PATH="$(CURDIR)/$(SAM_BIN):$$PATH" sam

sam-validate: $(SAM_VENV)/.sam ## what AWS would refuse in the control plane's templates
	@$(SAM) validate --lint
	@$(SAM) validate --lint --template controlplane_sam/witness.yaml

sam-build: $(SAM_VENV)/.sam ## the control plane as `sam deploy` takes it, and its size
	@$(SAM) build
	@$(PYTHON) controlplane_sam/package_size.py .aws-sam/build

# The emulator beside the containers: each way has a lab of its own.
sam-local: $(VENV)/.dev $(SAM_VENV)/.sam ## every function under AWS's own emulator, and under `sam local invoke`
	@$(BIN)/python -m pytest -m sam -n $(WORKERS) --dist loadfile tests/sam $(ARGS)

bench: $(VENV)/.dev ## speed, as ratios within one run
	@$(BIN)/python -m bench $(ARGS)

chaos: $(VENV)/.dev ## the failover with every call failing in every way, and thousands of drawn cases (ARGS="--seed 7 --runs 5000")
	@$(BIN)/python -m chaos $(ARGS)

documents: $(VENV)/.lab ## write the generated documents anew
	@$(BIN)/drlab documents

synth: $(VENV)/.cdk ## write the data plane's templates anew (no credentials, no network)
	@$(BIN)/python -m dataplane_cdk.synthesize

synth-options: $(VENV)/.cdk ## write anew what each option changes in them, for `drlab cost`
	@$(BIN)/python -m dataplane_cdk.synthesize --options

lock: ## resolve requirements/*.in anew (needs uv)
	@cd requirements && for f in runtime lab dev audit gameday cdk sam; do uv pip compile $$f.in --python-version 3.11 --universal --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --quiet --custom-compile-command "make lock" --output-file $$f.lock; done
	@for f in controlplane_sam/layer webapi/operator; do (cd $$f && uv pip compile requirements.in --constraint ../../requirements/runtime.lock \
	  --python-version 3.13 --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --quiet \
	  --custom-compile-command "make lock" --output-file requirements.txt); done

clean: ## remove the environment and what was generated
	rm -rf $(VENV) $(SAM_VENV) .aws-sam reports build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage* *.egg-info
