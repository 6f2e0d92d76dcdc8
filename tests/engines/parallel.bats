#!/usr/bin/env bats
# samples/shards.mk on three machines by GNU parallel over ssh, also when one dies.
load ../common
load nodes

setup_file() {
	ssh_start parallel
}

teardown_file() {
	nodes_close
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	PATH=$CE_BIN:$PATH
	export LC_ALL=C
	work_given
	run='parallel --will-cite --sshlogin 2/n1,2/n2,2/n3 --retries 4 :::'
}

@test "shards.mk by GNU parallel: the tables of one process" {
	shards normal RUN="$run"
	same_tables normal
	for node in n1 n2 n3; do
		grep -q 'Accepted publickey' "$nodes_dir/log/$node.out"
	done
}

@test "shards.mk by GNU parallel, a machine dies in mid-job: the tables of one process" {
	with_loss shards lost RUN="$run"
	same_tables lost
}
