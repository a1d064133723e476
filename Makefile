# Everything a newcomer needs: `make demo` and `make test` set up what they lack.
PYTHON ?= python3.11
BIN := .venv/bin
# uv does not read pip's own settings: pass on the place of local wheels.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
# Torch from another index, for instance: make setup-clip TORCH=--torch-backend=cpu
TORCH ?=
JOBS ?= 2

.PHONY: setup setup-dev setup-clip demo test lint format bench bench-stages bench-load bench-sql bench-extract bench-clip bench-train bench-explore circle clean

setup: .venv/.installed
setup-dev: .venv/.installed-dev

.venv/.installed: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Skyloom needs Python 3.11 or newer: make PYTHON=/path/to/python"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip install -q -p $(BIN)/python -c constraints.txt -e . \
		|| $(BIN)/python -m pip install -q -c constraints.txt -e .
	$(BIN)/python -m skyloom.duck
	@touch $@

.venv/.installed-dev: .venv/.installed
	$(BIN)/uv pip install -q -p $(BIN)/python -c constraints.txt -e . --group dev
	@touch $@

setup-clip: .venv/.installed
	$(BIN)/uv pip install -q -p $(BIN)/python -c constraints.txt $(TORCH) -e '.[clip]'

demo: setup
	$(BIN)/skyloom demo --lake demo/lake

test: setup-dev
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(PYTEST)

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint -q dbt_project/models dbt_project/tests dbt_project/macros

format: setup-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: bench-stages

bench-stages: setup-dev
	$(BIN)/python -m benchmarks.stages

# A cheaper one: make bench-load LOAD='--rounds 1 --no-linear'
bench-load: setup-dev
	$(BIN)/python -m benchmarks.load $(LOAD)

# A cheaper one: make bench-sql SQL='--rounds 1 --parts join,threads'
bench-sql: setup-dev
	$(BIN)/python -m benchmarks.sql $(SQL)

# A cheaper one: make bench-extract EXTRACT='--rounds 1 --parts quota,files'
bench-extract: setup-dev
	$(BIN)/python -m benchmarks.extract $(EXTRACT)

# On a GPU: make bench-clip CLIP='--seconds 30'. Elsewhere a trial of itself.
bench-clip: setup-dev
	$(BIN)/python -m benchmarks.clip $(CLIP)

# A cheaper one: make bench-train TRAIN='--rounds 1 --models ViT-B-32'
bench-train: setup-dev
	$(BIN)/python -m benchmarks.train $(TRAIN)

# A cheaper one: make bench-explore EXPLORE='--rows 100000 --rounds 3'
bench-explore: setup-dev
	$(BIN)/python -m benchmarks.explore $(EXPLORE)

# The whole circle on five drawn towns: load, build, fetch, report, train, eval, report.
CIRCLE ?= circle
circle: setup-dev
	$(BIN)/skyloom demo --lake $(CIRCLE)/lake --towns 5 --vars '{"split_zoom": 15, "split_val": 0.12, "split_test": 0.2}'
	$(BIN)/skyloom train --config debug --lake $(CIRCLE)/lake --out $(CIRCLE)/training
	$(BIN)/skyloom eval $(CIRCLE)/training/weights/open_clip_model.safetensors \
		--model $(CIRCLE)/training/weights/open_clip_config.json --lake $(CIRCLE)/lake --out $(CIRCLE)/eval

clean:
	rm -rf .venv demo circle build dist
