# Holdfast. `make demo` runs a whole site on loopback, `make test` runs every test.

PACKAGES = libmosquitto-dev libmodbus-dev libsqlite3-dev libzstd-dev libsystemd-dev mosquitto mosquitto-clients openssl pkg-config \
	python3-jsonschema python3-zstandard
VERSION = $(shell sed -n 's/^let agentVersion = "\(.*\)"/\1/p' Sources/holdfast/Holdfast.swift)
SUDO = $(if $(filter 0,$(shell id -u)),,sudo)
SWIFT_FORMAT_FOLDERS = Package.swift Sources Tests simulators

.PHONY: help setup build demo test lint format bench release deb clean

help:
	@echo 'make demo [SECONDS=30]  broker, simulated site and agent on loopback'
	@echo 'make test               every test'
	@echo 'make lint | format      check or mend the formatting'
	@echo 'make bench              figures as ratios against plain C'
	@echo 'make deb                a Debian package in .build/deb'

# Only what is missing is installed, so that a second call needs no network and no rights.
setup:
	@command -v swift >/dev/null || { echo 'Swift 6.2 or newer is needed: https://www.swift.org/install' >&2; exit 1; }
	@missing=; for package in $(PACKAGES); do dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then echo "installing$$missing"; $(SUDO) apt-get update -qq && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; fi

build: setup
	swift build

demo: build
	.build/debug/holdfast-demo $(if $(SECONDS),--seconds $(SECONDS))

# One after another: many tests talk to real peers and measure time, and two cores are few.
test: build
	swift build --build-tests
	swift test --skip-build --no-parallel

lint:
	swift format lint --strict --recursive $(SWIFT_FORMAT_FOLDERS)

format:
	swift format --in-place --recursive $(SWIFT_FORMAT_FOLDERS)

# Optimised programs; the comparison needs the plain C programs in ../shared/limits.
bench: setup
	swift build -c release
	.build/release/holdfast-bench

release: setup
	swift build -c release --product holdfast --static-swift-stdlib

deb: release
	systemd/deb/build .build/release/holdfast $(VERSION) .build/deb

clean:
	rm -rf .build
