# Short names for what is done often; Meson builds.
BUILD = build
PREFIX = /usr/local

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	scripts/packages build test
	meson setup $(BUILD) --prefix $(PREFIX)

check:
	./check

lint:
	./check lint

fuzz:
	./check fuzz

bench:
	scripts/packages build test
	bench/run

install: all
	meson install -C $(BUILD)

format:
	scripts/check-format --fix

clean:
	rm -rf $(BUILD) build-check

.PHONY: all check lint fuzz bench install format clean
