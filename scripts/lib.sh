# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Shared by the scripts, and by tests/compile: cache paths, the kernels that short names stand for, and steps of builds. Sourced,
# never run.

KOBS_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# The kernel cache is outside the source tree, so that a clean checkout does not build the debug kernel again.
KOBS_CACHE=${KOBS_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/kobs}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$1"; exit "${2:-1}"; }

# Prints the comment block at the head of the script: its --help.
usage() { sed -n '/^# SPDX/d; /^#!/d; /^#/!q; s/^#$//; s/^# //; p' "$0"; }

need_value() { (($# > 1)) || die "$1 needs a value" 2; } # OPTION [VALUE...]

# Fails unless kernels of this architecture can be prepared.
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

# Debian's name of an architecture, and the prefix of its cross tools, empty for the machine's own architecture.
debian_arch() { case $1 in x86_64) echo amd64 ;; *) echo "$1" ;; esac; }
cross_prefix() {
	case $1 in
	arm64) [ "$(uname -m)" = aarch64 ] || echo aarch64-linux-gnu- ;;
	esac
}

# Name of a kernel's build directory below build/.
build_name() { case $1 in x86_64) echo "$2" ;; *) echo "$1-$2" ;; esac; } # ARCH KERNEL

# User space of a guest of a foreign architecture: packages unpacked by setup.
user_root() { echo "$KOBS_CACHE/$1/root"; } # ARCH

# A Debian kernel prepared by setup: one unpacked tree with headers and image, named by release and version; the link
# points to the current one.
debian_dir() { echo "$KOBS_CACHE/$1/$2"; } # ARCH KERNEL
debian_release() {                         # ARCH KERNEL
	cat "$(debian_dir "$1" "$2")/release" 2>/dev/null || die "kernel $2 is not prepared: run scripts/setup $2"
}

# Kernel sources: input of the debug kernel, and home of checkpatch, kunit.py and ynl.
source_version() { dpkg-query -W -f '${Version}' linux-source-6.12 2>/dev/null || :; }
source_dir() { echo "$KOBS_CACHE/linux-source-$(source_version)"; }
# Sources of another kernel, which 'setup compile' unpacks.
other_source_dir() { debian_dir x86_64 "source-$1"; } # KERNEL

# Build directory of the debug kernel, named by the hash of its inputs.
debug_dir() { # ARCH
	local key
	key=$({ grep '^CONFIG_' "$KOBS_SRC/scripts/debug-kernel.config"; source_version; } | sha256sum | cut -c1-12)
	echo "$KOBS_CACHE/$1/debug-$key"
}

# Prints the lines CONFIG_NAME=VALUE of a file that did not take effect in a configuration: Kconfig silently drops options whose
# dependencies are missing.
refused_options() { # LINES CONFIG
	local line want
	while IFS= read -r line; do
		want=$line
		[[ $line != *=n ]] || want="# ${line%=n} is not set"
		grep -qxF -- "$want" "$2" && continue
		# An option without a prompt or with a missing dependency has no line at all when it is off, as =n requests.
		[[ $line == *=n ]] && ! grep -q "^${line%n}" "$2" && continue
		printf '%s\n' "$line"
	done < <(grep '^CONFIG_' "$1")
}

# Warnings of compiler and sparse in our files, without those in the kernel's headers.
own_warnings() { # LOG SRC
	grep -E "^$2/.*(warning|error): |(WARNING|ERROR): modpost: " "$1" | sed "s|$2/||g" | sort -u
}

# A newer QEMU than the machine's own, if setup has found one.
qemu_dir() { echo "$KOBS_CACHE/qemu"; }
