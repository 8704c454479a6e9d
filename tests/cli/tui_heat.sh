# SPDX-License-Identifier: LGPL-2.1-or-later
# The heat screen after some keys, at several sizes.
run() { echo "== $*"; "$BUILD/tests/tools/tui_script" "$@"; }
run examples/mix 80x24 'T!ge!^^^!d!0F!?'
run examples/mix 160x45 'TT'
run examples/boot 80x24 'TG'
run examples/boot 40x12 'T'
run examples/boot 15x4 ''
