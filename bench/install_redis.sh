#!/bin/sh
# Installs Debian's redis-server where it can. Without it the rows that need Redis are left out, and it is said.
set -u
if command -v redis-server >/dev/null 2>&1; then
	exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "Installing Debian's redis-server for the benchmark …"
	# Only the program: the benchmark starts its own, so none is to run as a service.
	if DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
		RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server >/dev/null; then
		exit 0
	fi
fi
echo "No redis-server: the rows with Redis are left out. To have them, install redis-server (Debian's name)." >&2
exit 0
