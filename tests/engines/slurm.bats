#!/usr/bin/env bats
# samples/shards.mk on a Slurm of three machines, by ce-sbatch: also when a machine dies, or the controller forgets.
load ../common
load nodes

setup_file() {
	slurm_start slurm
}

teardown_file() {
	nodes_close
}

@test "ce-sbatch: exit status, output, words and options are those of the command" {
	[ "$(ce-sbatch printf '<%s>' 'a  b' "c'd" '' $'e\nf' '$g')" = "$(printf '<%s>' 'a  b' "c'd" '' $'e\nf' '$g')" ]
	ce-sbatch -J named -- 'echo $SLURM_JOB_NAME; echo said >&2' >out 2>err
	[ "$(cat out)" = named ]
	[ "$(cat err)" = said ]
	fails 3 ce-sbatch 'echo why >&2; exit 3'
	[ "$stderr" = why ]
	fails 137 ce-sbatch 'kill -KILL $$'
	fails 2 ce-sbatch -a 1-2 -- true
	fails 1 ce-sbatch --no-such-option -- true
	[[ $stderr == *no-such-option*'could not be submitted' ]]
	# A folder whose name sbatch would read as a pattern; and the locale is ours.
	mkdir 'a%j b\x'
	[ "$(cd 'a%j b\x' && LC_ALL=C.UTF-8 ce-sbatch 'echo "$LC_ALL"')" = C.UTF-8 ]
	rmdir 'a%j b\x'
	# Nothing is left.
	[ -z "$(find . -name '*ce-sbatch*')" ]
}

@test "ce-sbatch: a job that is cancelled is an error; interrupted, it cancels its job" {
	ce-sbatch 'echo $SLURM_JOB_ID >id; sleep 60' 2>err &
	pid=$!
	until_true 10 test -s id
	scancel "$(cat id)"
	status=0
	wait $pid || status=$?
	cat err
	[ $status -eq 1 ]
	grep -q 'CANCELLED' err
	rm id
	ce-sbatch 'echo $SLURM_JOB_ID >id; sleep 60' &
	pid=$!
	until_true 10 test -s id
	kill $pid
	status=0
	wait $pid || status=$?
	[ $status -eq 143 ]
	until_true 10 slurm_idle 3
}

@test "shards.mk by ce-sbatch: the tables of one process" {
	work_given
	shards normal RUN=ce-sbatch
	same_tables normal
	[ "$(grep -c 'sched: Allocate' "$nodes_dir/log/slurmctld")" -gt 15 ]
}

@test "shards.mk by ce-sbatch, a machine dies in mid-job: the tables of one process" {
	work_given
	with_loss shards lost RUN=ce-sbatch
	same_tables lost
	grep 'requeue' "$nodes_dir/log/slurmctld"
	slurm_node "$(cat victim)"
	until_true 30 slurm_idle 3
}

@test "ce-sbatch: a controller that comes back without its jobs" {
	ce-sbatch 'echo . >>ran; sleep 5; exit 5' 2>err &
	first=$!
	until_true 10 test -s ran
	node_kill slurmctld
	ce-sbatch 'exit 6' &
	second=$!
	sleep 1
	rm -rf "$nodes_dir"/state/*
	slurm_controller
	status=0
	wait $second || status=$?
	[ $status -eq 6 ]
	status=0
	wait $first || status=$?
	[ $status -eq 5 ]
	cat err ran
}
