#!/usr/bin/env bats
# samples/Snakefile on a Slurm of three machines, by ce-sbatch, also when one dies.
load ../common
load nodes

setup_file() {
	slurm_start snakemake
}

teardown_file() {
	nodes_close
}

# snakes OUT
snakes() {
	timeout 200 snakemake -s "$CE_ROOT/samples/Snakefile" -j4 --cluster-sync ce-sbatch --latency-wait 10 --config "${work[@]}" OUT="$1" \
		>"$nodes_dir/log/$1" 2>&1 || {
		grep -A 5 -e '^ce-' -e '^shards.mk' -e Error "$nodes_dir/log/$1" | head -n 60
		return 1
	}
}

@test "Snakefile by ce-sbatch, a machine dies in mid-job: the tables of one process" {
	work_given
	work+=(SHARDS=2 RANGES=2)
	with_loss snakes lost
	same_tables lost
	# Nor is there anything to be done for make.
	shards lost -q
}
