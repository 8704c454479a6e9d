# SPDX-License-Identifier: LGPL-2.1-or-later
# The heat screen after some keys, at several sizes. How sure the replay is,
# is for tests/checks/captures to judge.
run() {
	echo "== $*"
	"$BUILD/tests/tools/tui_script" "$@" | sed 's/ +-[0-9]* pages.*/ +-N pages/'
}
run examples/mix 80x24 'T!ge!^^^!d!0F!?'
run examples/boot 160x45 'T'
run examples/boot 80x24 'TG'
run examples/boot 40x12 'T'
run examples/boot 15x4 ''
