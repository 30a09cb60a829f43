# Everything here needs Python 3.11 or newer, make and git; uv is fetched into .uv/ if the machine has none that fits.
# Nothing is installed outside this checkout and the user's cache.
.DEFAULT_GOAL := help
.PHONY: help demo test lint types wheels build bench docs clean

# A virtual environment that happens to be active is not ours.
unexport VIRTUAL_ENV

# Pythons that TensorFlow has wheels for.
PYTHONS = >=3.11,<3.14
UV = uv="$$(.ci/find-uv)" && "$$uv"
RUN = $(UV) run --no-sync

help: ## show what each target does
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile | expand -t 10

# The runs stay in this checkout; the environment that the job asks for is built in the user's cache.
demo: export TRAINFERRY_HOME = $(CURDIR)/.trainferry
demo: ## train the recycling model on the sample, on this machine, from its job file
	@$(UV) sync --python "$(PYTHONS)" --no-default-groups --extra plot --inexact
	@$(RUN) ferry run training/job.yaml
	@echo 'before typing these: . .venv/bin/activate && export TRAINFERRY_HOME="$$PWD/.trainferry"'

test: .synced ## run every test; ARGS go to pytest: make test ARGS="-k config -x"
	@$(RUN) pytest $(ARGS)

lint: .synced ## check style and formatting
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .

types: .synced ## check types, strictly
	@$(RUN) mypy
	@$(RUN) --directory training mypy --config-file ../pyproject.toml .

wheels: .synced ## build a wheel and an sdist of every distribution into dist/
	@rm -rf dist
	@$(UV) build --all-packages --out-dir dist --quiet
	@ls dist

build: wheels

bench: .synced ## measure every figure of the README side by side with its peers
	@$(RUN) python bench/run.py

docs: .synced ## write docs/reference/ anew from the code
	@$(RUN) python docs/generate.py

clean: ## remove environments, builds and caches of this checkout; the runs in .trainferry/ stay
	rm -rf .venv .uv dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: .synced
.synced:
	@$(UV) sync --python "$(PYTHONS)" --all-packages
