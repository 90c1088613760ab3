# Three commands do everything; each makes its own virtual environment in .venv and asks for nothing else.
#   make demo    the product with the sandbox and two companies, at http://localhost:8000
#   make start   the product for real use
#   make test    every check: lint, types, import layers, migrations, tests
PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet

.PHONY: demo start test install install-dev lock messages

demo: install
	@$(VENV)/bin/alcada demo

start: install
	@$(VENV)/bin/alcada start

test: install-dev
	@scripts/check

install: $(VENV)/.main
install-dev: $(VENV)/.dev

$(VENV)/bin/python:
	@echo "Making the virtual environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=/path/to/it")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.main: requirements/main.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing the product (once)"
	@$(PIP) install --require-hashes -r requirements/main.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(VENV)/bin/python -m compileall -q src  # where Python may not write it at a start, each start took a third longer
	@touch $@

$(VENV)/.dev: $(VENV)/.main requirements/dev.txt
	@echo "Installing what the checks need (once)"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

# For developers: gather marked strings into the Portuguese catalogue and compile it (needs GNU gettext).
messages: install-dev
	@scripts/messages

# For developers: pin anew after changing pyproject.toml or requirements/*.in.
lock: install-dev
	@$(PIP) install uv
	@$(VENV)/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-annotate --no-header --universal --python-version 3.11 pyproject.toml requirements/build.in -o requirements/main.txt
	@$(VENV)/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-annotate --no-header --universal --python-version 3.11 requirements/dev.in -c requirements/main.txt -o requirements/dev.txt
