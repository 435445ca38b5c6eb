# Each target does its own set-up: Python 3.11+ and make are enough. uv is used where it is present, never required.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
OUT    ?= build/clips

.PHONY: demo test check bench clips lock format clean

demo: $(VENV)/.core-installed ## the whole system on this machine, on a clip replayed as a live camera
	@$(BIN)/pleaselock demo

test: $(VENV)/.dev-installed ## every test; optional services are used where present
	$(BIN)/python -m pytest -n $${PLEASELOCK_TEST_PROCESSES:-auto} --maxprocesses=4 --dist=loadfile

check: $(VENV)/.dev-installed ## style, types, import arrows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.core-installed ## ratios against floors measured in the same run
	$(BIN)/python -m bench

clips: ## every clip with its truth in OUT, rendered where it is not there (Python 3.11 only: Blender's module exists for no other)
	$(PYTHON) -m venv .venv-clips
	.venv-clips/bin/pip install --quiet -r sample_videos/render/requirements.txt
	.venv-clips/bin/python -m sample_videos.render.make_clips --out $(OUT)

lock: ## for developers, after a change of dependencies: needs uv
	uv lock
	uv export --quiet --frozen --no-dev --group build --no-emit-project -o requirements.txt
	uv export --quiet --frozen --group dev --no-emit-project -o requirements-dev.txt

format: $(VENV)/.dev-installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .venv-clips .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "pleaselock needs Python 3.11 or newer, and $(PYTHON) is older; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "$(PYTHON) cannot make a virtual environment here; install its venv module or free the folder $(VENV)"; exit 2; }

# $(call install,<requirements file>): with uv where there is one, else (or where uv cannot reach its index) with pip
define install
	@echo "installing $(1) into $(VENV) ..."
	@with_uv() { uv pip install --quiet --python $(BIN)/python "$$@"; }; \
	 with_pip() { $(BIN)/python -m pip install --quiet --disable-pip-version-check "$$@"; }; \
	 everything() { $$1 --require-hashes -r $(1) && $$1 --no-deps --no-build-isolation --editable .; }; \
	 if command -v uv >/dev/null 2>&1; then everything with_uv || everything with_pip; else everything with_pip; fi
	@touch $@
endef

$(VENV)/.core-installed: requirements.txt pyproject.toml | $(BIN)/python
	$(call install,requirements.txt)

$(VENV)/.dev-installed: requirements-dev.txt pyproject.toml | $(BIN)/python
	$(call install,requirements-dev.txt)
	@touch $(VENV)/.core-installed
