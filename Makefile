# Holdfast. `make demo` runs a whole site on loopback, `make test` runs every test.

PACKAGES = libmosquitto-dev libmodbus-dev libsqlite3-dev libzstd-dev libsystemd-dev mosquitto mosquitto-clients openssl pkg-config \
	python3-jsonschema python3-zstandard python3-venv mbpoll
VERSION = $(shell sed -n 's/^let agentVersion = "\(.*\)"/\1/p' Sources/holdfast/Holdfast.swift)
SUDO = $(if $(filter 0,$(shell id -u)),,sudo)
SWIFT_FORMAT_FOLDERS = Package.swift Sources Tests simulators

CHAOS = power write damage full replay kill agent links outage seeds

.PHONY: help setup build demo test lint format bench coverage chaos $(CHAOS:%=chaos-%) interop fuzz tests release deb clean

help:
	@echo 'make demo [SECONDS=30]  broker, simulated site and agent on loopback'
	@echo 'make test               every test'
	@echo 'make lint | format      check or mend the formatting'
	@echo 'make bench              figures as ratios against plain C'
	@echo 'make chaos              everything that may go wrong, in full numbers: about an hour; or one of'
	@echo '                        $(CHAOS:%=chaos-%)'
	@echo 'make interop            every Modbus profile against pymodbus, pysunspec2 and mbpoll; needs the network once'
	@echo 'make fuzz [SECONDS=600] decoders, SunSpec walker, YAML, frames and commands under libFuzzer'
	@echo 'make coverage           how much of the control core its tests reach; fails below 95 % of the lines'
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

tests: build
	swift build --build-tests

# One after another: many tests talk to real peers and measure time, and two cores are few.
test: tests
	swift test --skip-build --no-parallel

# The short versions of these are part of `make test`. Faults of a line, which are mostly waiting, meet many links at once.
# One that fails does not keep the others from running.
chaos: tests
	$(MAKE) -k $(CHAOS:%=chaos-%)

CHAOS_TEST = HOLDFAST_CHAOS=1 swift test --ignore-lock --skip-build --no-parallel --filter

# 2,000 power cuts.
chaos-power: tests
	$(CHAOS_TEST) PowerCutTests
# 400 failing writes and syncs, and the control cycle beside them.
chaos-write: tests
	$(CHAOS_TEST) 'FailingDiskTests|FailingJournalTests'
# 100 damaged files.
chaos-damage: tests
	$(CHAOS_TEST) DamageLoopTests
# An hour of a full disk.
chaos-full: tests
	$(CHAOS_TEST) FullDiskTests
# The broker is killed right after its acknowledgements: of a whole site, and of a day on a driven clock.
chaos-replay: tests
	$(CHAOS_TEST) 'whatTheBrokerAcknowledgedAndLostComesOnReplay|aDayThatTheBrokerAcknowledgedAndLostComesOnReplay'
# 500 kills of sites with fifty devices.
chaos-kill: tests
	$(CHAOS_TEST) killedFiveHundredTimes
# 100 times each the agent is killed, stopped and hangs; the inverter reverts.
chaos-agent: tests
	$(CHAOS_TEST) theInverterRevertsAHundredTimesEach
# 200 faults of the line and the name look-up.
chaos-links: tests
	$(CHAOS_TEST) 'comesBackFromTwoHundredFaults|comesUpWhenTheFaultWasThereFirst|nameOfTheAggregatorIsNotAnswered'
# 72 hours without a broker, drained through a thin line.
chaos-outage: setup
	swift build -c release
	.build/release/holdfast-bench outage

# 10,000 site-days of random sites with faults, at steps of 10 s, and a hundred of them at 1 s.
chaos-seeds: setup
	swift build -c release --product holdfast
	.build/release/holdfast simulate --seeds 10000 --faults
	.build/release/holdfast simulate --seeds 100 --faults --step 1

lint:
	swift format lint --strict --recursive $(SWIFT_FORMAT_FOLDERS)

format:
	swift format --in-place --recursive $(SWIFT_FORMAT_FOLDERS)

# Optimised programs; the comparison needs the plain C programs in ../shared/limits.
bench: setup
	swift build -c release
	.build/release/holdfast-bench

# Programs of others that speak Modbus: their versions are pinned, and nothing else of this project needs them.
INTEROP = .build/interop

$(INTEROP)/installed: Tests/Interop/requirements.txt
	python3 -m venv $(INTEROP)
	$(INTEROP)/bin/pip install --quiet --disable-pip-version-check -r Tests/Interop/requirements.txt
	touch $@

interop: setup $(INTEROP)/installed
	swift build --product holdfast
	swift build --product holdfast-sim
	$(INTEROP)/bin/python Tests/Interop/interop.py --build .build/debug --profiles config/devices $(PROFILE)

# Built apart, with the fuzzer's instruments in every module. FUZZ_ONLY="site frame" feeds some targets only, KEEP=--keep renews the corpus that the tests go through.
FUZZ = .build/fuzz

fuzz: setup
	HOLDFAST_FUZZ=1 swift build -c release --scratch-path $(FUZZ) --product holdfast-fuzz -Xswiftc -sanitize=fuzzer -Xswiftc -gnone
	python3 Tests/Fuzz/fuzz.py $(FUZZ)/release/holdfast-fuzz $(FUZZ)/found $(or $(SECONDS),600) $(KEEP) $(FUZZ_ONLY)

# Built apart, because every target of the package is built anew for it.
COVERAGE_BUILD = .build/coverage
LLVM_COV = $(shell dirname "$$(readlink -f "$$(command -v swift)")")/llvm-cov

coverage: setup
	swift test --scratch-path $(COVERAGE_BUILD) --enable-code-coverage --no-parallel --filter EnergyDispatchTests
	bin=$$(swift build --scratch-path $(COVERAGE_BUILD) --show-bin-path) && \
	$(LLVM_COV) report "$$bin/holdfastPackageTests.xctest" -instr-profile="$$bin/codecov/default.profdata" \
	  Sources/EnergyDispatch | awk '/^(File|Filename)/ || /^TOTAL/ || ($$10 + 0 < 95 && $$10 ~ /%/) {print} \
	  /^TOTAL/ {if ($$10 + 0 < 95) {print "less than 95 % of the lines"; exit 1}}'

release: setup
	swift build -c release --product holdfast --static-swift-stdlib
	swift build -c release --product holdfast-sim --static-swift-stdlib

deb: release
	systemd/deb/build .build/release $(VERSION) .build/deb

clean:
	rm -rf .build
