#!/bin/sh
# Finds a Chromium for the browser tests, or installs one. Called by make with BIN=<venv>/bin.
set -u
BIN=${BIN:-.venv/bin}

playwrights_own() {
	"$BIN/python" - <<'EOF' 2>/dev/null
import os, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    sys.exit(0 if os.path.exists(p.chromium.executable_path) else 1)
EOF
}

has_fonts() { # glyphs for Arabic; without fontconfig we cannot tell, and do not ask for more
	! command -v fc-list >/dev/null 2>&1 || [ -n "$(fc-list :lang=ar family)" ]
}

by_apt() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1
}

command -v msgfmt >/dev/null 2>&1 || {
	by_apt && apt-get update -qq && apt-get install -y -qq --no-install-recommends gettext >/dev/null
} || echo "Without gettext the msgfmt tests are skipped."

if [ -x /usr/bin/chromium ]; then
	echo "Browser tests use /usr/bin/chromium."
	has_fonts || echo "No font with Arabic letters was found: screenshots will show boxes. Install fonts-noto-core."
	exit 0
fi
if playwrights_own; then
	echo "Browser tests use Playwright's own Chromium."
	exit 0
fi
if by_apt; then
	echo "Installing Debian's chromium for the browser tests …"
	if DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-core >/dev/null &&
		[ -x /usr/bin/chromium ]; then
		echo "Browser tests use /usr/bin/chromium."
		exit 0
	fi
	echo "apt-get could not install chromium; trying Playwright's own."
fi
echo "Installing Playwright's own Chromium for the browser tests …"
if "$BIN/playwright" install chromium; then
	echo "Browser tests use Playwright's own Chromium."
	exit 0
fi
echo "No browser for the tests: install Chromium as /usr/bin/chromium, or run '$BIN/playwright install chromium' with a network." >&2
exit 1
