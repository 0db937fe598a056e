# SPDX-License-Identifier: GPL-2.0
#
# kobs: the module, its controller, and their tests. "make help" lists what
# there is.
#
# Modules are built in build/NAME for the running kernel, or with KERNEL=NAME
# for one of the guests' kernels (6.1, 6.12, their -rt, newest, debug), or with
# KDIR=DIR for any other; the sources are linked there, so that builds do not
# meet. ARCH=arm64 builds for the guests of that architecture, in
# build/arm64-NAME and build/arm64.

KERNEL	?=
CROSS	:= $(filter-out $(shell uname -m),$(ARCH))
KDIR	?= $(if $(KERNEL),$(shell scripts/kdir $(if $(CROSS),--arch $(CROSS)) $(KERNEL)),/lib/modules/$(shell uname -r)/build)
NAME	:= $(if $(CROSS),$(CROSS)-)$(or $(KERNEL),$(if $(filter /lib/modules/%,$(KDIR)),$(shell uname -r),other))
OUT	:= $(CURDIR)/build/$(NAME)
SRC	:= $(OUT)/src
TESTS	?= $(if $(KERNEL),1)
# The newest kernel wants a newer compiler than this machine's.
KMAKE	:= $(if $(filter newest,$(KERNEL)),scripts/in-newest make,$(MAKE))
W	?= 1
V	?= 0
# With DEBUG_INFO=0 a build takes two thirds of the time; the tests use such modules. pahole makes BTF from debug information.
DEBUG_INFO ?= 1
PLAIN	:= $(if $(filter 0,$(DEBUG_INFO)),KCFLAGS=-g0 CONFIG_DEBUG_INFO_BTF_MODULES=)

all: modules ctl

# The guests' kernels get the test modules too.
modules:
	@test -n "$(KDIR)" -a -e "$(KDIR)/Makefile" || \
		{ echo "no kernel headers in '$(KDIR)': install linux-headers for this kernel, or run scripts/setup" >&2; exit 1; }
	@# Objects do not depend on the path of the kernel: what was built for another one goes.
	@test "$$(cat $(SRC)/kernel 2>/dev/null)" = "$(realpath $(KDIR))" || rm -rf $(SRC)
	@mkdir -p $(SRC)
	@echo "$(realpath $(KDIR))" >$(SRC)/kernel
	@cp -rsf $(CURDIR)/Kbuild $(CURDIR)/VERSION $(CURDIR)/kmod \
		$(CURDIR)/uapi $(CURDIR)/tests $(SRC)/
	@find $(SRC) -xtype l -delete
	+$(KMAKE) -C $(KDIR) M=$(SRC) W=$(W) V=$(V) $(PLAIN) KOBS_TESTS=$(TESTS) modules
	@find $(SRC) -name '*.ko' -exec cp {} $(OUT)/ \;

# Against the packages of the guests' user space.
ROOT	= $(shell scripts/kdir --arch $(CROSS) root)
TOOLS	= $(shell scripts/kdir --arch $(CROSS) cross)
SYSROOT	= CC='$(TOOLS)gcc --sysroot=$(ROOT)' PKG_CONFIG_SYSROOT_DIR=$(ROOT) \
	  PKG_CONFIG_LIBDIR=$(ROOT)/usr/lib/$(TOOLS:-=)/pkgconfig

ctl:
	$(if $(CROSS),$(SYSROOT)) $(MAKE) -C ctl O=$(CURDIR)/build$(addprefix /,$(CROSS))

load: all
	insmod $(OUT)/kobs.ko

unload:
	rmmod kobs

install: all
	install -D -m 644 $(OUT)/kobs.ko \
		$(DESTDIR)/lib/modules/$(shell uname -r)/updates/kobs.ko
	$(MAKE) -C ctl O=$(CURDIR)/build install
	$(if $(DESTDIR),,depmod)

setup:
	scripts/setup

demo: setup
	scripts/demo

check check-all: setup
	scripts/setup --arch arm64
	scripts/setup browser $(if $(filter check-all,$@),compile go)
	tests/run $(if $(filter check-all,$@),--all)

# One file of the selftests on one kernel, or those of its points that match; one KUnit suite, or all.
test: setup
	@test -n "$(T)" || { echo "which test? make test T=func_count K=6.1 [P='glob']" >&2; exit 2; }
	$(if $(filter arm64,$(K)),scripts/setup --arch arm64)
	tests/run --test '$(T)' $(if $(K),--kernel '$(K)') $(if $(P),--points '$(P)')

kunit: setup
	tests/run $(if $(S),--suite '$(S)',kunit)

soak: setup
	tests/soak

bench: setup
	scripts/setup --arch arm64
	scripts/bench
	scripts/bench --arch arm64

lint: setup
	scripts/lint

clean:
	rm -rf build

help:
	@echo 'make            build kobs.ko for the running kernel, and obsctl'
	@echo 'make load       load the module (root); make unload removes it'
	@echo 'make install    install the module, obsctl and its man page (root)'
	@echo 'make demo       boot a guest and show real reports (root, for apt)'
	@echo 'make check      build and run the tests in guests: tests/matrix (root, for apt)'
	@echo 'make check-all  every test on every kernel, and builds for kernels that no guest boots'
	@echo 'make test T=func_count K=6.1 P=glob   one test file on one kernel, or some of its points'
	@echo 'make kunit S=table   one KUnit suite'
	@echo 'make soak       the long forms of some tests: hours (tests/soak -f 0.05 for less)'
	@echo 'make bench      measure what kobs and its peers cost'
	@echo 'make lint       checkpatch, sparse, W=1, shellcheck, spec drift'
	@echo 'make clean      remove build/'
	@echo 'KERNEL=NAME     build for a guest: 6.1, 6.12, newest, 6.1-rt, 6.12-rt or debug'
	@echo 'ARCH=arm64       build for the arm64 guest, with KERNEL=6.12'
	@echo 'KDIR=DIR        build for the kernel whose build directory that is'

.PHONY: all modules ctl load unload install setup demo check check-all test kunit soak bench lint clean help
