# The commands of README and CONTRIBUTING. PYTHON chooses the interpreter: make run PYTHON=python3.11
PYTHON ?= python3
DEVICE := .venv
DEVELOP := .venv-dev
FHIR := .venv-fhir
WEB := .venv-web
DOCS := .venv-docs
SOURCES := setup.cfg setup.py pyproject.toml $(shell find edge models -type f -not -path '*/__pycache__/*')
MODELS := cnn crnn

.PHONY: run test test-fast test-slow coverage covered test-web test-arm64 train convert page centreline misread bench lint docs screens findings

run: $(DEVICE)/installed
	$(DEVICE)/bin/ecg-edge demo

# Every test, by JOBS processes; the fast ones and the others apart: see tests/conftest.py.
JOBS ?= 2
TESTS = $(DEVELOP)/bin/python -m pytest --numprocesses $(JOBS) --dist worksteal

# With COVERAGE=1 any of them adds the lines of edge/ that it runs to .coverage; those that commands, workers and servers run count too.
ifdef COVERAGE
export COVERAGE_FILE := $(CURDIR)/.coverage
TESTS += --cov --cov-append --cov-report=
endif

test: $(DEVELOP)/installed $(FHIR)/installed
	$(TESTS) $(ONLY)

test-fast: $(DEVELOP)/installed
	$(TESTS) -m 'not slow'

test-slow: $(DEVELOP)/installed $(FHIR)/installed
	$(TESTS) -m slow

# The tests of edge/ in one go, and what they have run of it.
coverage:
	rm -f .coverage .coverage.*
	$(MAKE) test COVERAGE=1 ONLY=tests/edge
	$(MAKE) covered

# What all runs with COVERAGE=1 have run of edge/ since .coverage was removed. Below 92 % of the lines it fails.
covered: $(DEVELOP)/installed
	$(DEVELOP)/bin/coverage report --fail-under 92

# The page in Chromium (as root it is installed where it is missing), against axe-core; its interface under schemathesis; many clients.
test-web: $(WEB)/installed
	tests/edge/web/run $(WEB)/bin/python

# On an emulated arm64 machine: as root, with debootstrap, qemu-user-static and binfmt-support. SUITE=trixie for Python 3.13.
SUITE ?= bookworm
test-arm64: $(DEVELOP)/installed
	tests/arm64/run $(SUITE) $(DEVELOP)/bin/python

# The paper's protocol, the five folds of `distinct`, and the models that ship.
train: $(DEVELOP)/installed
	$(DEVELOP)/bin/python -m train prepare
	for model in $(MODELS); do \
	    $(DEVELOP)/bin/python -m train fit --model $$model --split paper && \
	    $(DEVELOP)/bin/python -m train evaluate --model $$model --rerun && \
	    $(DEVELOP)/bin/python -m benchmarks accuracy --model $$model --protocol distinct uncurated --rerun && \
	    $(DEVELOP)/bin/python -m train fit --model $$model --split all || exit 1; \
	done

convert: $(DEVELOP)/installed
	for model in $(MODELS); do \
	    $(DEVELOP)/bin/python -m convert --model $$model --split paper && \
	    $(DEVELOP)/bin/python -m convert --model $$model --split all --ship || exit 1; \
	done

# The page model from the data to the shipped bytes: every page traced, records of other hospitals drawn and traced, five folds and all pages
# trained, int8, parity, card.
page: $(DEVELOP)/installed
	$(DEVELOP)/bin/python -m train page prepare --jobs 2
	$(DEVELOP)/bin/python -m train page draw --jobs 2
	$(DEVELOP)/bin/python -m train page fit
	$(DEVELOP)/bin/python -m convert --model page

# The network that follows the middle of strokes: pages drawn and read back, trained, and its weights.
centreline: $(DEVELOP)/installed
	$(DEVELOP)/bin/python -m train centreline --jobs 2

# The decision trees that say which leads were misread: pages drawn and read, and the trees.
misread: $(DEVELOP)/installed
	$(DEVELOP)/bin/python -m train misread --jobs 2

# Accuracy from the kept probabilities; latency, memory, size and scale on this machine; the table of all in benchmarks/results/README.md.
bench: $(DEVELOP)/installed
	$(DEVELOP)/bin/python -m benchmarks all

lint: $(DEVELOP)/installed
	$(DEVELOP)/bin/ruff check .
	$(DEVELOP)/bin/ruff format --check .
	$(DEVELOP)/bin/mypy

# The docs as a site, in site/: every warning is an error.
docs: $(DOCS)/installed
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet --strict

# A picture of README and of every page of the site, on a desktop and on a phone, in screens/; 1 where something is wrong with one.
screens: docs $(WEB)/installed
	mkdir -p screens/readme
	{ echo '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><base href="file://$(CURDIR)/"><link rel="stylesheet" href="docs/readme.css"><article class="md-content">'; \
	    $(DOCS)/bin/python -m markdown -x tables -x fenced_code README.md; } > screens/readme/README.html
	for folder in site screens/readme; do $(WEB)/bin/python docs/screens.py $$folder screens || exit 1; done

# Surprises about other software, by hand: each script says what it saw, and ends with 1 when that has changed.
findings:
	@status=0; for script in findings/*.sh; do echo "$$script"; PYTHON=$(PYTHON) bash $$script || status=1; done; exit $$status

# Python compiles what is used when it is first imported: a fraction of what is installed.
INSTALL = pip install --quiet --disable-pip-version-check --no-compile

# What a device needs, and no more.
$(DEVICE)/installed: $(SOURCES)
	$(PYTHON) -m venv $(DEVICE) || { echo "make: no venv: apt install python3-venv" >&2; exit 1; }
	$(DEVICE)/bin/$(INSTALL) .
	touch $@

# What is compiled is made anew where its source is another.
$(DEVELOP)/installed: setup.cfg pyproject.toml setup.py $(wildcard edge/compiled/*.[ch])
	$(PYTHON) -m venv $(DEVELOP) || { echo "make: no venv: apt install python3-venv" >&2; exit 1; }
	$(DEVELOP)/bin/$(INSTALL) --editable '.[test,train,bench,litert,serve]'
	touch $@

# Apart, since browser and schema tests bring much that nothing else needs. Nothing is compiled for it: other tests may be using what is there.
$(WEB)/installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(WEB) || { echo "make: no venv: apt install python3-venv" >&2; exit 1; }
	ECG_EDGE_PURE=1 $(WEB)/bin/$(INSTALL) --editable '.[serve,litert,test-web]'
	touch $@

$(DOCS)/installed: Makefile
	$(PYTHON) -m venv $(DOCS) || { echo "make: no venv: apt install python3-venv" >&2; exit 1; }
	$(DOCS)/bin/$(INSTALL) 'mkdocs-material >= 9.6, < 10'
	touch $@

# The last library that checks FHIR R4 needs an older pydantic than others.
$(FHIR)/installed: Makefile
	$(PYTHON) -m venv $(FHIR) || { echo "make: no venv: apt install python3-venv" >&2; exit 1; }
	$(FHIR)/bin/$(INSTALL) 'fhir.resources==6.4.0' 'pydantic<2'
	touch $@
