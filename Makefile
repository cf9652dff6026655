# Everything that a newcomer needs: `make demo` and `make test`. Both install what is missing when
# they may (as root, through apt), and say in one line what to install when they may not.

CARGO ?= cargo
PREFIX ?= /usr/local
PLUGINDIR ?= $(PREFIX)/lib/sandcheck/plugins
DESTDIR ?=
# Beside the programs: man pages, completions, command definitions, and the operator's policy.
SHARE = $(DESTDIR)$(PREFIX)/share
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
UNITS = $(DESTDIR)$(PREFIX)/lib/systemd/system
POLICY = $(DESTDIR)/etc/sandcheck/policy.toml
GENERATED ?= target/generated

CHECK_SMTP = target/release/check_smtp
SANDCHECK = target/release/sandcheck
COMPILER = target/release/sandcheck-compile
REGISTRY_CLIENT = target/release/sandcheck-registry
RESOLVER = target/release/sandcheck-resolve
SERVER = target/release/sandcheck-serve
# The component as these programs like it; `make component` builds the one for every host.
COMPONENT = target/release/check_smtp.wasm

# The shipped program is linked statically, without position-independent code: starting it is most
# of what a check costs (docs/decisions.md). `cargo build --release` gives a dynamic one.
TRIPLE = $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p' | sed 's/-gnu$$/-musl/')
REGISTRY = $(or $(CARGO_HOME),$(HOME)/.cargo)/registry/src
STATIC = --target $(TRIPLE) --config 'target.$(TRIPLE).linker="$(CURDIR)/scripts/link-ordered"' \
	--config 'target.$(TRIPLE).rustflags=[ \
	"-Ctarget-feature=+crt-static", "-Crelocation-model=static", \
	"--remap-path-prefix=$(REGISTRY)=crates", "--remap-path-prefix=$(CURDIR)=."]'
# Built together, so that they always have the same features and nothing is built twice.
SMALL = --release --locked --package check-smtp-oneshot --package sandcheck-runner $(STATIC)
# Where there is no 128-bit multiplication, numbers of 32 bits are the fastest (docs/decisions.md).
PORTABLE = --cfg=cpubits="32"
# What is published has no path of this machine in it, and is the same wherever it is built.
ANYWHERE = --remap-path-prefix=$(REGISTRY)=crates --remap-path-prefix=$(CURDIR)=.
PARTS = target/wasm32-wasip2/component
PUBLISHED = $(PARTS)/check_smtp.wasm
# What `make command` makes a command of.
PLUGIN ?= $(PUBLISHED)
# Where the sources are: the public address of this repository, or else the name of their content.
REVISION ?= $(shell git describe --always --abbrev=40 --exclude='*' --dirty=-modified 2>/dev/null)
ORIGIN = $(filter https://%,$(shell git remote get-url origin 2>/dev/null))
SOURCE ?= $(or $(ORIGIN),swh:1:rev:$(REVISION:-modified=))
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# Where the archive of `make release` and the package of `make package` go.
ARCHIVES ?= target/archive
DEBIAN ?= target/deb
CONTAINER ?= $(firstword $(foreach tool,podman buildah docker,$(shell command -v $(tool))))
CC_FOR_TRIPLE = CC_$(subst -,_,$(TRIPLE))=$${CC:-cc}

.PHONY: help setup build component command parts plugins demo dist package release image test test-engines test-gearman test-hosts test-market test-packaging test-plugins test-prometheus test-servers fuzz lint bench bench-quick hot-functions instructions install uninstall clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: ## Install or name what the build needs
	@scripts/setup build

# Three builds, because features of one build are shared: the first programs have no compiler in them, and
# nothing of an HTTP server.
build: setup ## Build check_smtp, with its component in it, sandcheck and their four helpers into target/release
	$(CC_FOR_TRIPLE) $(CARGO) build $(SMALL)
	$(CC_FOR_TRIPLE) $(CARGO) build --profile compiler --locked --package sandcheck-compiler --package sandcheck-registry \
		--package sandcheck-resolver $(STATIC)
	$(CC_FOR_TRIPLE) $(CARGO) build --release --locked --package sandcheck-serve $(STATIC)
	@mkdir -p target/release
	@cp target/$(TRIPLE)/release/check_smtp $(CHECK_SMTP)
	@cp target/$(TRIPLE)/release/sandcheck $(SANDCHECK)
	@cp target/$(TRIPLE)/compiler/sandcheck-compile $(COMPILER)
	@cp target/$(TRIPLE)/compiler/sandcheck-registry $(REGISTRY_CLIENT)
	@cp target/$(TRIPLE)/compiler/sandcheck-resolve $(RESOLVER)
	@cp target/$(TRIPLE)/release/sandcheck-serve $(SERVER)
	@cp target/component/check_smtp.wasm $(COMPONENT)
	@packaging/generate $(GENERATED)

component: setup ## Build the component for other hosts, target/wasm32-wasip2/component/check_smtp.wasm
	RUSTFLAGS='$(PORTABLE) $(ANYWHERE)' $(CARGO) build --locked --package check-smtp --lib --target wasm32-wasip2 --profile component

# What makes a command of a plugin: its network, and the rest of a host.
parts: setup
	RUSTFLAGS='$(PORTABLE) $(ANYWHERE)' $(CARGO) build --locked --package sandcheck-command-adapter \
		--package sandcheck-command-program --target wasm32-wasip2 --profile component

command: component parts ## Make a command for runtimes of WASI of PLUGIN (check_smtp), into target/command
	@mkdir -p target/command
	$(CARGO) run --quiet --locked --package sandcheck-dist -- command $(PLUGIN) $(PARTS) \
		target/command/$(basename $(notdir $(PLUGIN)))-command.wasm

dist: component parts ## Make what is published into target/dist: components, WIT package, SBOMs, checksums
	$(CARGO) run --quiet --locked --package sandcheck-dist -- publish $(PUBLISHED) $(PARTS) target/dist '$(REVISION)' '$(SOURCE)'
	@cd target/dist && sha256sum --check --quiet SHA256SUMS && ls -l

package: build ## Make the Debian package, target/deb/sandcheck_VERSION_ARCH.deb
	@scripts/setup package
	@packaging/third-party >$(GENERATED)/third-party.txt
	@$(CARGO) deb --version >/dev/null 2>&1 || $(CARGO) install --quiet --locked cargo-deb
	rm -rf $(DEBIAN)
	packaging/deb/build $(DEBIAN)

release: build ## Make the archive of static programs and its checksums, target/archive
	@scripts/setup package
	rm -rf $(ARCHIVES)
	@packaging/third-party >$(GENERATED)/third-party.txt
	packaging/archive $(ARCHIVES) $(VERSION) $(GENERATED)

image: build ## Make the container image sandcheck, with podman, buildah or docker (CONTAINER)
	@test -n '$(CONTAINER)' || { echo "missing: podman, buildah or docker"; exit 1; }
	rm -rf target/image
	$(MAKE) --silent install DESTDIR=target/image PREFIX=/usr
	$(CONTAINER) build --tag sandcheck --file packaging/container/Containerfile target/image

plugins: setup ## Build the example plugins into target/examples: check_tcp in Rust, check_banner in JavaScript
	@scripts/setup plugins
	RUSTFLAGS='$(PORTABLE) $(ANYWHERE)' $(CARGO) build --locked --package check-tcp --lib --target wasm32-wasip2 --profile component
	@mkdir -p target/examples
	@cp target/wasm32-wasip2/component/check_tcp.wasm target/examples/
	examples/plugins/check_banner/build target/examples

demo: build ## Run the check against a bundled SMTP server
	$(CARGO) run --quiet --locked --package sandcheck-tests --bin demo -- $(CHECK_SMTP)

test: build component ## Run every test that needs no root
	@scripts/setup test
	$(CARGO) test --locked --workspace --exclude check-smtp-oneshot

test-plugins: build plugins ## Run the example plugins under sandcheck
	$(CARGO) test --locked --package sandcheck-tests --test plugins

test-market: build dist ## Test registries, signatures, the catalogue and what is published
	@scripts/setup market
	tests/dist
	$(CARGO) test --locked --package sandcheck-tests --features market --test registry

test-hosts: build component parts plugins ## Run scenarios and the conformance kit through the hosts in Python and Node, and through wasmtime run
	@scripts/setup hosts
	examples/hosts/build target/hosts
	tests/wasmtime target/hosts/wasmtime
	for plugin in $(PUBLISHED) target/examples/check_tcp.wasm target/examples/check_banner.wasm; do \
		$(MAKE) --no-print-directory command PLUGIN=$$plugin || exit; done
	examples/conformance/build target/conformance
	$(CARGO) test --locked --package sandcheck-tests --test hosts
	examples/conformance/run-all target/hosts $(SANDCHECK)

test-servers: build ## Run the check against Postfix, Exim, OpenSMTPD and Dovecot (root)
	tests/servers/run --install $(CHECK_SMTP)

test-engines: build ## Run the check inside Nagios, Icinga and NRPE, against Postfix (root)
	tests/engines/run --install $(CHECK_SMTP)

test-gearman: build ## Run a fleet of workers with Debian's gearmand (JOBS: 100000)
	@scripts/setup gearman
	$(CARGO) build --release --locked --package sandcheck-tests --bin smtp-server
	tests/gearman/run --jobs $(or $(JOBS),100000)

test-packaging: build package release ## Install, upgrade and remove the package, try what is generated (root)
	@scripts/setup packaging
	$(CARGO) build --quiet --manifest-path tests/plugins/Cargo.toml --locked --release --example manifest \
		--target wasm32-wasip2 --target-dir target/plugins
	tests/packaging/run

test-prometheus: build ## Run sandcheck serve with Debian's Prometheus, beside its blackbox exporter, and with a browser
	@scripts/setup prometheus
	$(CARGO) build --release --locked --package sandcheck-tests --bin smtp-server
	tests/prometheus/run

fuzz: setup ## Run each fuzz target for SECONDS (10)
	@$(CARGO) fuzz --version >/dev/null 2>&1 || $(CARGO) install --quiet --locked cargo-fuzz
	fuzz/run $(or $(SECONDS),10)

# As tests and programs are built, so that build scripts and what those need are there already.
lint: setup ## Check the format, clippy's warnings, licences and sources
	$(CARGO) fmt --all --check
	$(CARGO) fmt --all --manifest-path tests/plugins/Cargo.toml --check
	$(CARGO) fmt --manifest-path examples/conformance/guests/Cargo.toml --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy --manifest-path tests/plugins/Cargo.toml --locked --release --workspace --examples \
		--target wasm32-wasip2 --target-dir target/plugins -- --deny warnings
	$(CARGO) clippy --manifest-path examples/conformance/guests/Cargo.toml --locked --release --examples \
		--target wasm32-wasip2 --target-dir target/plugins -- --deny warnings
	$(CARGO) clippy --locked --release --package sandcheck-command-adapter --package sandcheck-command-program \
		--target wasm32-wasip2 --target-dir target/plugins -- --deny warnings
	$(CARGO) clippy --locked --workspace --exclude check-smtp-oneshot --all-targets --features sandcheck-tests/market \
		-- --deny warnings
	$(CC_FOR_TRIPLE) $(CARGO) clippy $(SMALL) -- --deny warnings
	scripts/deny

# The inner parts first: the suite shows what an instance costs.
bench: build ## Measure everything against the C plugin and a native client, and write docs/bench
	@scripts/setup bench
	$(CARGO) build --release --locked --package sandcheck-tests --bin smtp-server
	$(CARGO) bench --locked --package sandcheck-benches --bench inner
	$(CARGO) run --release --locked --package sandcheck-benches -- \
		--json docs/bench/results.json --svg docs/bench/results.svg --page docs/bench/README.md

bench-quick: build ## The same in less than a minute once it is built, without the inner parts
	@scripts/setup bench
	$(CARGO) build --release --locked --package sandcheck-tests --bin smtp-server
	$(CARGO) build --release --locked --package sandcheck-benches --bins
	$(CARGO) run --release --locked --package sandcheck-benches -- --quick

hot-functions: setup ## Write anew which functions come first, in the programs and in the component (host/oneshot)
	@scripts/setup instructions
	$(CARGO) build --locked --package sandcheck-tests --bin smtp-server
	$(CC_FOR_TRIPLE) $(CARGO) build $(SMALL) \
		--config 'profile.release.package.check-smtp-oneshot.strip=false'
	scripts/hot-functions target/$(TRIPLE)/release/check_smtp

instructions: build ## Compare the instructions of a plain session with what is recorded
	@scripts/setup instructions
	$(CARGO) build --locked --package sandcheck-tests --bin smtp-server
	scripts/instructions

install: ## Install what has been built: check_smtp into PLUGINDIR, the rest below PREFIX, and a policy
	@test -f $(CHECK_SMTP) -a -f $(SANDCHECK) -a -f $(COMPILER) -a -f $(REGISTRY_CLIENT) -a -f $(RESOLVER) -a -f $(SERVER) -a -f $(COMPONENT) -a -d $(GENERATED) || { echo "nothing is built yet: make build"; exit 1; }
	install -D -m 755 $(CHECK_SMTP) $(DESTDIR)$(PLUGINDIR)/check_smtp
	install -D -m 644 $(COMPONENT) $(DESTDIR)$(PLUGINDIR)/check_smtp.wasm
	install -D -m 755 $(SANDCHECK) $(DESTDIR)$(PREFIX)/bin/sandcheck
	install -D -m 755 $(COMPILER) $(DESTDIR)$(PREFIX)/libexec/sandcheck/sandcheck-compile
	install -D -m 755 $(REGISTRY_CLIENT) $(DESTDIR)$(PREFIX)/libexec/sandcheck/sandcheck-registry
	install -D -m 755 $(RESOLVER) $(DESTDIR)$(PREFIX)/libexec/sandcheck/sandcheck-resolve
	install -D -m 755 $(SERVER) $(DESTDIR)$(PREFIX)/libexec/sandcheck/sandcheck-serve
	install -D -m 644 -t $(SHARE)/man/man1 $(GENERATED)/man/*
	install -D -m 644 -t $(SHARE)/bash-completion/completions $(GENERATED)/bash/*
	install -D -m 644 -t $(DESTDIR)$(ZSHDIR) $(GENERATED)/zsh/*
	install -D -m 644 -t $(SHARE)/fish/vendor_completions.d $(GENERATED)/fish/*
	sed 's,/usr/lib/sandcheck/plugins,$(PLUGINDIR),' $(GENERATED)/icinga2/sandcheck.conf | install -D -m 644 /dev/stdin $(SHARE)/sandcheck/icinga2/sandcheck.conf
	sed 's,/usr/lib/sandcheck/plugins,$(PLUGINDIR),' $(GENERATED)/nagios/sandcheck.cfg | install -D -m 644 /dev/stdin $(SHARE)/sandcheck/nagios/sandcheck.cfg
	sed 's,/usr/lib/sandcheck/plugins,$(PLUGINDIR),; s,/usr/bin,$(PREFIX)/bin,' packaging/systemd/sandcheck-work.service | install -D -m 644 /dev/stdin $(UNITS)/sandcheck-work.service
	@test -e $(POLICY) || install -v -D -m 644 packaging/policy.toml $(POLICY)

uninstall: ## Remove all of it again; a policy that was changed stays
	rm -f $(DESTDIR)$(PLUGINDIR)/check_smtp $(DESTDIR)$(PLUGINDIR)/check_smtp.wasm
	rm -f $(DESTDIR)$(PREFIX)/bin/sandcheck
	rm -f $(DESTDIR)$(PREFIX)/libexec/sandcheck/sandcheck-compile $(DESTDIR)$(PREFIX)/libexec/sandcheck/sandcheck-registry
	rm -f $(DESTDIR)$(PREFIX)/libexec/sandcheck/sandcheck-resolve $(DESTDIR)$(PREFIX)/libexec/sandcheck/sandcheck-serve
	rm -f $(SHARE)/man/man1/sandcheck.1 $(SHARE)/man/man1/check_smtp.1
	rm -f $(SHARE)/bash-completion/completions/sandcheck $(SHARE)/bash-completion/completions/check_smtp
	rm -f $(DESTDIR)$(ZSHDIR)/_sandcheck $(DESTDIR)$(ZSHDIR)/_check_smtp
	rm -f $(SHARE)/fish/vendor_completions.d/sandcheck.fish $(SHARE)/fish/vendor_completions.d/check_smtp.fish
	rm -f $(SHARE)/sandcheck/icinga2/sandcheck.conf $(SHARE)/sandcheck/nagios/sandcheck.cfg $(UNITS)/sandcheck-work.service
	@if cmp -s packaging/policy.toml $(POLICY); then rm $(POLICY); elif test -e $(POLICY); then echo "$(POLICY) was changed, and stays"; fi
	@for folder in $(DESTDIR)$(PLUGINDIR) $(DESTDIR)$(PREFIX)/lib/sandcheck $(DESTDIR)$(PREFIX)/libexec/sandcheck \
		$(SHARE)/sandcheck/icinga2 $(SHARE)/sandcheck/nagios $(SHARE)/sandcheck $(dir $(POLICY)); do \
		rmdir --ignore-fail-on-non-empty $$folder 2>/dev/null || true; done

clean: ## Remove what was built
	$(CARGO) clean
