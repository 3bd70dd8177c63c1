# What people type. The work is in tools/ (scripts) and CMakeLists.txt.
SHELL := /bin/bash
export PATH := $(CURDIR)/build/node/bin:$(PATH)

help:            ## this list
	@sed -n 's/^\([a-z-]*\): *\([a-z -]*\)## */  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

run: deps-build  ## build it and start the demo: provider, servers and Gatehouse on loopback
	@tools/build release gatehouse
	@exec build/release/gatehouse demo

build: deps-build ## the release binary: build/release/gatehouse
	@tools/build release gatehouse

package: deps-build ## a Debian package: build/package/gatehouse_*.deb
	@tools/build release gatehouse
	@tools/package

test: deps-test  ## every test; closes with "N passed, N failed"
	@tools/run_tests

check: deps-test ## format, tidy (changed files; ALL=1 for all), layers, sizes, headers, locks
	@tools/check $(if $(ALL),--all)

bench: deps-bench ## measure beside nginx and haproxy; closes with "<name> <value> <unit>" lines
	@tools/build release
	@tests/bench/run

conformance: deps-test ## the official conformance suite (LEG=client, server or gateway for one leg)
	@tools/build release
	@LEG=$(LEG) tests/conformance/run $(if $(LEG),LEG=$(LEG))

fuzz: deps-test  ## each fuzz target for EACH=60 seconds (TARGET=name for one)
	@tools/run_tests --only fuzz --fuzz-seconds $(or $(EACH),60) $(if $(TARGET),--target $(TARGET))

soak: deps-test  ## what "make test" does for seconds, for long: ten minutes for each fuzz target
	@tools/run_tests --only fuzz --only soak --fuzz-seconds $(or $(FUZZ_SECONDS),600) --minutes $(or $(MINUTES),60)

torture: deps-test ## random kills and failing steps, for MINUTES=30
	@tools/run_tests --only torture --minutes $(or $(MINUTES),30)

format:          ## format the C++ sources in place
	@tools/check --fix-format

deps:            ## install what is missing, and say what
	@tools/deps all

deps-build deps-test deps-bench:
	@tools/deps $(@:deps-%=%)

clean:           ## remove all that was built
	rm -rf build

.PHONY: help run build package test check bench conformance fuzz soak torture format deps deps-build deps-test deps-bench clean
.DEFAULT_GOAL := help
