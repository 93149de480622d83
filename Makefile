# Short names for what is done often; Meson builds. `make PREFIX=DIR install` installs elsewhere than
# in /usr/local; a folder that was configured before is told so, and keeps all else it was told.
BUILD = build
PREFIX =

all: configure
	ninja -C $(BUILD)

configure:
	@if [ -f $(BUILD)/build.ninja ]; then \
	    $(if $(PREFIX),meson configure $(BUILD) --prefix $(PREFIX),:); \
	else \
	    scripts/packages build && \
	    meson setup $(BUILD) $(if $(PREFIX),--prefix $(PREFIX)) -Dtests=false -Dfuzz=no; \
	fi

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

uninstall:
	ninja -C $(BUILD) uninstall

format:
	scripts/check-format --fix

clean:
	rm -rf $(BUILD) build-check

.PHONY: all configure check lint fuzz bench install uninstall format clean
