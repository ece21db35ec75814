# Palpate: `make run` to use it, `make test` and `make check` to change it. `make help` lists the rest.
PORT ?= 8000
DATA ?= .data
DEMO ?= 1
ARGS ?=
PY := .venv/bin/python

.PHONY: help install run manage reset test drill mutation check format lock bench screenshots messages sbom vulnerabilities

help:
	@printf '%s\n' \
	  'make run [PORT=8000] [DATA=.data]   everything up, with a demo clinic (DEMO=0: empty); Ctrl-C stops it' \
	  'make manage ARGS="check" [DATA=]    a management command against that data folder' \
	  'make reset [DATA=]                  empty that data folder, after asking' \
	  'make test [ARGS="tests/patients"]   all tests, on servers of their own' \
	  'make drill [ARGS="tests/records"]   the long forms of tests that have two sizes' \
	  'make mutation [ARGS="treatments"]   how strong the tests of the rules are; lists what they miss' \
	  'make check                          lint, types, import contracts, migrations, OpenAPI' \
	  'make bench                          speed beside plain DRF and beside the bare limit' \
	  'make screenshots                    pictures of the pages into .data/screenshots/' \
	  'make messages                       gather the texts, compile the translations' \
	  'make format / make lock             format the code / write the lock files' \
	  'make sbom                           what is inside, as CycloneDX, into .data/sbom.json' \
	  'make vulnerabilities                known weaknesses of the locked packages, if the index tells'

install:
	@sh dev/install.sh

run: install
	@exec $(PY) -m dev.run --port "$(PORT)" --data "$(DATA)" $(if $(filter 0,$(DEMO)),--empty)

manage: install
	@exec $(PY) -m dev.manage --data "$(DATA)" -- $(ARGS)

reset:
	@sh dev/reset.sh "$(DATA)"

test: install
	@exec $(PY) -m dev.test $(ARGS)

# All drills, or with ARGS those tests only.
drill: install
	@$(PY) -m dev.test --drill $(ARGS)
	@$(if $(ARGS),:,$(PY) -m dev.mutation)

mutation: install
	@$(PY) -m dev.mutation $(ARGS)

check: install
	@$(PY) -m dev.check

format: install
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix . && $(PY) -m dev.templates

lock: install
	@sh dev/lock.sh

bench: install
	@exec $(PY) -m bench $(ARGS)

messages: install
	@$(PY) -m dev.messages

screenshots: install
	@exec $(PY) -m dev.screenshots

# Tools with fixed versions outside the environment: they are no part of what runs (ADR 47).
sbom: install
	@mkdir -p .data
	@$(PY) -m uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.txt \
	  --pyproject pyproject.toml --output-reproducible --of JSON -o .data/sbom.json
	@echo "palpate: .data/sbom.json"

# --strict: a package that the index knows nothing of is a failure, and not "no known weakness".
vulnerabilities: install
	@$(PY) -m uv tool run --quiet pip-audit==2.10.1 --strict --require-hashes --disable-pip -r requirements.txt
