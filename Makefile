# LeadSail: `make run` starts everything on this machine; docs/configuration.md explains the variables.
#   make run PORT=9000 VAR=/tmp/x DEMO=0 NOW=2026-11-20T15:00:00-05:00 SPEED=60 SANDBOX_PORT=9010
.POSIX:
.PHONY: run shell venv dev test test-sqlite test-postgres simulate check fmt clean

PY = .venv/bin/python
TESTS = tests
# The tables straight from the models: migrations run in every installation that is started from nothing, on PostgreSQL
# too, and `make check` compares the two.
PYTEST = $(PY) -m pytest --no-migrations -n 5 --dist loadfile --no-loadscope-reorder --session-timeout=840
# Whole installations, which take their time; of these, dying workers is the one to be tried on both databases.
ONCE = --ignore=tests/e2e/test_browser.py --ignore=tests/e2e/test_every_ending.py --ignore=tests/e2e/test_faults.py \
	--ignore=tests/e2e/test_guide.py --ignore=tests/e2e/test_journeys.py --ignore=tests/e2e/test_pages.py \
	--ignore=tests/simulation

# exec: Ctrl-C and SIGTERM reach the supervisor itself; STOP_WITH: it also ends when make is killed.
run: venv
	@exec env STOP_WITH=$$PPID $(PY) manage.py up

shell: venv
	@exec $(PY) -m leadsail.embedded shell

venv:
	@PYTHON='$(PYTHON)' scripts/venv.sh requirements.txt

dev: venv
	@PYTHON='$(PYTHON)' scripts/venv.sh requirements-dev.txt

test: test-sqlite test-postgres

# Everything, on SQLite: the Django tests, the supervisor, the sandbox and the pages in a real Chromium.
test-sqlite: dev
	@$(PY) -m tests.services chromium
	TEST_DATABASE=sqlite $(PYTEST) $(TESTS)

# What asks the database for nothing special.
PLAIN = --ignore=tests/demo --ignore=tests/gate --ignore=tests/test_docs.py --ignore-glob='*/face/test_admin_*' \
	--ignore-glob='*/face/test_two_factor*' --ignore-glob='*/face/test_login*' \
	--ignore-glob='*/face/test_errors*' --ignore-glob='*/face/test_styleguide*' --ignore-glob='*/face/test_guide*' \
	--ignore-glob='*/face/test_providers*' --ignore-glob='*/face/test_call_*' --ignore-glob='*/face/test_prompt_*' \
	--ignore-glob='*/api/test_schemathesis*' --ignore-glob='*/api/test_openapi*' --ignore-glob='*/api/test_guide*' \
	--ignore-glob='*/api/test_envelope*' --ignore-glob='*/api/test_bad_input*' --ignore-glob='*/api/test_access*' \
	--ignore-glob='*/face/test_agents*' --ignore-glob='*/face/test_numbers*' --ignore-glob='*/face/test_banners*' \
	--ignore-glob='*/face/test_dialer_settings*' --ignore-glob='*/face/test_dialer_fields*' --ignore-glob='*/face/test_campaign_*' \
	--ignore-glob='*/api/test_campaign*'

# Once more what talks to the database, on a real PostgreSQL.
test-postgres: dev
	@$(PY) -m tests.services postgres
	TEST_DATABASE=postgres $(PYTEST) --ignore=tests/up --ignore=tests/sandbox $(ONCE) $(PLAIN) $(TESTS)

# Two weeks over changes of the clocks with 5,000 leads in each: docs/simulation.md.
simulate: dev
	@$(PY) -m tests.simulation.run $(SIM)

check: dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	scripts/with-check-settings $(PY) -m mypy .
	$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
	scripts/with-check-settings $(PY) manage.py makemigrations --check --dry-run
	scripts/with-check-settings $(PY) manage.py check --deploy --fail-level WARNING

fmt: dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# Keeps the data in var/.
clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis tests/artifacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
