# The two that matter: `make play` and `make test`. The work is in scripts/.
.DEFAULT_GOAL := help
PREFIX ?= /usr/local
RELEASE = swift build -c release --static-swift-stdlib --product vabuf

# The same flags in all debug builds, so that they share one build folder.
docs man: export VABUF_STRICT = 1

setup:           ## install what the build needs (Debian 12 or 13)
	@scripts/setup-debian.sh
play: release    ## build, and play the embedded 4K clip: in a window, or without a display to a contact sheet
	scripts/play.sh
test: setup      ## format, layers, debug build with warnings as errors, all tests
	scripts/test.sh
check-full: setup ## the slow checks too: sanitizers, release tests, Debian 13, docs, benchmarks
	scripts/check-full.sh
release: setup   ## .build/release/vabuf
	$(RELEASE)
format:          ## format the sources in place
	scripts/check-format.sh --fix
bench: setup     ## the micro-benchmarks
	scripts/bench.sh
bench-ratio: release ## sequential decoding against a bare libavcodec loop
	scripts/bench-ratio.sh
bench-peers: release ## vabuf beside PyAV, TorchCodec, decord, OpenCV and FFMS2 (needs python3 and a network)
	scripts/bench-peers.sh
docs: setup      ## the library's documentation: .build/docs
	scripts/docs.sh
man: setup       ## the manual pages: .build/man
	mkdir -p .build/man
	swift package --allow-writing-to-directory .build/man generate-manual --multi-page --configuration debug \
	  --output-directory .build/man
completions: release ## for bash, zsh and fish: .build/completions
	mkdir -p .build/completions
	.build/release/vabuf --generate-completion-script bash >.build/completions/vabuf.bash
	.build/release/vabuf --generate-completion-script zsh >.build/completions/_vabuf
	.build/release/vabuf --generate-completion-script fish >.build/completions/vabuf.fish
install: release ## into PREFIX (/usr/local), DESTDIR in front
	PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install.sh
clean:           ## remove all build folders; .cache stays
	rm -rf .build .build-*/ Benchmarks/.build
help:            ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup play test check-full release format bench bench-ratio docs man completions install clean help
