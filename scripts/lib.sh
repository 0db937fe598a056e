# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What setup, kdir, build-kernel and vm share: where things are cached, and which kernel a short name stands for.
# Sourced, never run.

KOBS_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# Kernels outlive the source tree: a clean checkout must not build the debug kernel again.
KOBS_CACHE=${KOBS_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/kobs}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$1"; exit "${2:-1}"; }

# Prints the comment block a script opens with: its --help.
usage() { sed -n '/^# SPDX/d; /^#!/d; /^#/!q; s/^#$//; s/^# //; p' "$0"; }

need_value() { (($# > 1)) || die "$1 needs a value" 2; } # OPTION [VALUE...]

# Stops unless kernels of this architecture can be prepared here.
need_arch() {
	case $1 in
	x86_64 | arm64) ;;
	*) die "unknown architecture '$1': use x86_64 or arm64" 2 ;;
	esac
}

need_kernel() { # KERNEL [ARCH]
	case ${2:-x86_64}/$1 in
	x86_64/6.1 | x86_64/6.12 | x86_64/6.1-rt | x86_64/6.12-rt | x86_64/newest | x86_64/debug | arm64/6.12) ;;
	arm64/*) die "there is no kernel '$1' for arm64: use 6.12" 2 ;;
	*) die "unknown kernel '$1': use 6.1, 6.12, newest, 6.1-rt, 6.12-rt or debug" 2 ;;
	esac
}

# Debian's name of an architecture, and the prefix of the tools that build for it here, if they are not the machine's own.
debian_arch() { case $1 in x86_64) echo amd64 ;; *) echo "$1" ;; esac; }
cross_prefix() {
	case $1 in
	arm64) [ "$(uname -m)" = aarch64 ] || echo aarch64-linux-gnu- ;;
	esac
}

# Where what is built for a kernel goes, below build/.
build_name() { case $1 in x86_64) echo "$2" ;; *) echo "$1-$2" ;; esac; } # ARCH KERNEL

# The user space of a guest that cannot have this machine's: packages unpacked by setup.
user_root() { echo "$KOBS_CACHE/$1/root"; } # ARCH

# A Debian kernel of setup's making: one unpacked tree with headers and image, keyed by release and version; the link
# names the one in use.
debian_dir() { echo "$KOBS_CACHE/$1/$2"; } # ARCH KERNEL
debian_release() {                         # ARCH KERNEL
	cat "$(debian_dir "$1" "$2")/release" 2>/dev/null || die "kernel $2 is not prepared: run scripts/setup $2"
}

# The kernel sources: the debug kernel is built from them, and checkpatch, kunit.py and ynl live there.
source_version() { dpkg-query -W -f '${Version}' linux-source-6.12 2>/dev/null || :; }
source_dir() { echo "$KOBS_CACHE/linux-source-$(source_version)"; }

# Where the debug kernel is built: keyed by everything that goes into it.
debug_dir() { # ARCH
	local key
	key=$({ grep '^CONFIG_' "$KOBS_SRC/scripts/debug-kernel.config"; source_version; } | sha256sum | cut -c1-12)
	echo "$KOBS_CACHE/$1/debug-$key"
}
