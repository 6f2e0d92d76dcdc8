# Throwaway machines for a bats file of this folder: `load nodes`. Each is a tree of processes of its own with a daemon at its root, in a
# PID namespace, so that all of it dies at once, as by a power cut: a slurmd under a controller, or an sshd. They share the file
# system and listen on loopback alone; ports, keys, settings and logs are in $nodes_dir, and the logs behind all tests in
# build/engine-logs/NAME. Nothing of this machine's own Slurm, munge
# or ssh is read or touched. Namespaces and the daemons' users need root.
# shellcheck shell=bash

# nodes_open NAME TOOL...: the folder.
nodes_open() {
	local tool
	if ((EUID != 0)); then
		echo "the daemons of these tests need root" >&2
		return 1
	fi
	for tool in unshare setpriv "${@:2}"; do
		command -v "$tool" >/dev/null || { echo "$tool is missing: run 'make deps'" >&2 && return 1; }
	done
	# A path that every user may go through: the daemons are of several.
	nodes_name=$1
	nodes_dir=$(mktemp -d "/tmp/ce-$1.XXXXXX")
	chmod 755 "$nodes_dir"
	mkdir -m 1777 "$nodes_dir/log"
	mkdir "$nodes_dir/pid"
	mkfifo "$nodes_dir/alive"
	exec {nodes_alive}<>"$nodes_dir/alive"
	export nodes_dir nodes_alive
}

# free_ports N: so many ports that nothing listens on, below those that the kernel hands out.
free_ports() {
	python3 - "$1" <<-'E'
		import random, socket, sys
		held = []
		while len(held) < int(sys.argv[1]):
		    s = socket.socket()
		    try:
		        s.bind(("127.0.0.1", random.randint(20000, 30000)))
		        held.append(s)
		    except OSError:
		        pass
		print(*(s.getsockname()[1] for s in held))
	E
}

# until_true SECONDS COMMAND...: tries until it succeeds.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS > end)); then
			echo "in vain: $*" >&2
			return 1
		fi
		sleep 0.1
	done
}

# node_run NAME COMMAND...: a machine that runs the command. It ends with the processes of this bats file, however they end: none
# has the pipe open then. (A daemon that becomes another user would not die with its parent.)
node_run() {
	# shellcheck disable=SC2016
	unshare --pid --fork --mount-proc --kill-child sh -c '"$@" & read -r _ <"$0"' "$nodes_dir/alive" "${@:2}" \
		</dev/null >>"$nodes_dir/log/$1.out" 2>&1 3>&- {nodes_alive}>&- &
	echo $! >"$nodes_dir/pid/$1"
	disown
}

# node_kill NAME: nothing of it is left, and nothing could say goodbye.
node_kill() {
	kill -KILL "$(cat "$nodes_dir/pid/$1")"
	rm "$nodes_dir/pid/$1"
	sleep 0.2
}

nodes_close() {
	local pid logs=${CE_BIN%/bin}/engine-logs
	for pid in "$nodes_dir"/pid/*; do
		node_kill "${pid##*/}"
	done
	mkdir -p "$logs"
	rm -rf "${logs:?}/$nodes_name"
	mv "$nodes_dir/log" "$logs/$nodes_name"
	rm -rf "$nodes_dir"
}

# --- Slurm: three machines of one processor each --------------------------------------------------------------------------------

# slurm_start NAME
slurm_start() {
	local dir ports i
	nodes_open "$1" munged slurmctld slurmd sbatch scontrol squeue
	dir=$nodes_dir
	read -r -a ports < <(free_ports 4)
	mkdir -p "$dir"/{munge,state,spool}
	head -c 128 /dev/urandom >"$dir/munge/key"
	chmod 400 "$dir/munge/key"
	chown -R munge: "$dir/munge"
	chown slurm: "$dir/state"
	cat >"$dir/slurm.conf" <<-E
		ClusterName=ce
		SlurmctldHost=$(hostname -s)(127.0.0.1)
		SlurmctldPort=${ports[0]}
		SlurmUser=slurm
		AuthType=auth/munge
		AuthInfo=socket=$dir/munge/socket,cred_expire=5
		CredType=cred/munge
		MpiDefault=none
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		SwitchType=switch/none
		SelectType=select/cons_tres
		SelectTypeParameters=CR_CPU
		SlurmdParameters=config_overrides
		SchedulerParameters=sched_interval=1,batch_sched_delay=1
		SlurmctldTimeout=10
		SlurmdTimeout=3
		MessageTimeout=2
		TCPTimeout=1
		ReturnToService=2
		KillWait=1
		StateSaveLocation=$dir/state
		SlurmdSpoolDir=$dir/spool/%n
		SlurmctldPidFile=$dir/slurmctld.pid
		SlurmdPidFile=$dir/slurmd-%n.pid
		SlurmctldLogFile=$dir/log/slurmctld
		SlurmdLogFile=$dir/log/slurmd-%n
		SlurmctldDebug=info
		SlurmdDebug=info
		PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
	E
	for i in 1 2 3; do
		echo "NodeName=n$i NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=${ports[i]} CPUs=1" >>"$dir/slurm.conf"
	done
	export SLURM_CONF=$dir/slurm.conf
	node_run munged setpriv --reuid=munge --regid=munge --clear-groups munged -F -S "$dir/munge/socket" --key-file "$dir/munge/key" \
		--pid-file "$dir/munge/pid" --seed-file "$dir/munge/seed" --log-file "$dir/munge/log"
	until_true 10 test -S "$dir/munge/socket"
	slurm_controller
	slurm_node n1
	slurm_node n2
	slurm_node n3
	until_true 20 slurm_idle 3
}

slurm_controller() {
	node_run slurmctld setpriv --reuid=slurm --regid=slurm --clear-groups slurmctld -D
}

slurm_node() {
	node_run "$1" slurmd -D -N "$1"
}

slurm_idle() {
	[ "$(sinfo -h -t idle -o %D)" = "$1" ]
}

# --- ssh: three machines -----------------------------------------------------------------------------------------------------

ssh_start() {
	local dir ports i
	nodes_open "$1" ssh ssh-keygen sshd parallel
	dir=$nodes_dir
	read -r -a ports < <(free_ports 3)
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
	cp "$dir/key.pub" "$dir/authorized_keys"
	for i in 1 2 3; do
		cat >"$dir/sshd-n$i.conf" <<-E
			ListenAddress 127.0.0.1
			Port ${ports[i - 1]}
			HostKey $dir/host_key
			AuthorizedKeysFile $dir/authorized_keys
			PidFile none
			StrictModes no
			UsePAM no
			PasswordAuthentication no
			KbdInteractiveAuthentication no
			PermitRootLogin prohibit-password
			SetEnv CE_NODE=n$i
			MaxStartups 100
			LogLevel VERBOSE
		E
		printf 'Host n%s\n\tPort %s\n' $i "${ports[i - 1]}" >>"$dir/ssh_config"
		echo "[127.0.0.1]:${ports[i - 1]} $(cut -d ' ' -f 1,2 "$dir/host_key.pub")" >>"$dir/known_hosts"
	done
	cat >>"$dir/ssh_config" <<-E
		Host *
			HostName 127.0.0.1
			User $(id -un)
			IdentityFile $dir/key
			IdentitiesOnly yes
			IdentityAgent none
			UserKnownHostsFile $dir/known_hosts
			GlobalKnownHostsFile none
			StrictHostKeyChecking yes
			BatchMode yes
			LogLevel ERROR
	E
	export PARALLEL_HOME=$dir/parallel PARALLEL_SSH="ssh -F $dir/ssh_config"
	mkdir "$PARALLEL_HOME"
	for i in 1 2 3; do
		ssh_node n$i
		until_true 10 ssh -F "$dir/ssh_config" n$i true
	done
}

# The folder /run that sshd wants is the machine's own.
ssh_node() {
	# shellcheck disable=SC2016
	node_run "$1" sh -c 'mount -t tmpfs tmpfs /run && mkdir /run/sshd && exec "$@"' sh "$(command -v sshd)" -D -e -f "$nodes_dir/sshd-$1.conf"
}

# --- the work -------------------------------------------------------------------------------------------------------------------

# A log in two files and its dimensions in the current folder, and in `one` what one process makes of it.
work_given() {
	mkdir data one
	cp "$CE_ROOT"/samples/{users,content}_dim.csv.gz data
	gzip -dc "$CE_ROOT/samples/events_table.csv.gz" >all.csv
	awk 'NR == 1 || NR % 3' all.csv >data/a.csv
	awk 'NR == 1 || NR % 3 == 0' all.csv | gzip -1 >data/b.csv.gz
	ce-materialize --drop email -k user_id data/users_dim.csv.gz -k content_id data/content_dim.csv.gz -d one \
		--starts one/session_starts.csv.gz --first one/first_features.csv.gz --unmatched one/unmatched.csv.gz \
		--effects one/online_effects.csv.gz -o one/completion_prediction_features.csv.gz data/a.csv data/b.csv.gz 2>one.log
	# The tools, of which ce-clean, where the file `armed` says so, is in the midst of its output when it says which machine it is on,
	# and gets no further.
	mkdir bin
	ln -s "$CE_BIN"/ce-* bin
	rm bin/ce-clean
	cat >bin/ce-clean <<-E
		#!/bin/sh
		if mv '$PWD/armed' '$PWD/armed.'\$\$ 2>/dev/null; then
			'$CE_BIN/ce-clean' "\$@" | {
				head -c 100000
				echo "\${SLURMD_NODENAME:-\$CE_NODE}" >'$PWD/victim.new'
				mv '$PWD/victim.new' '$PWD/victim'
				sleep 100
			}
			exit 1
		fi
		exec '$CE_BIN/ce-clean' "\$@"
	E
	chmod +x bin/ce-clean
	work=(BIN="$PWD/bin" LOG='data/a.csv data/b.csv.gz' DATA=data SHARDS=3 RANGES=3 TABLES=all TUNING='--no-sync --threads 1')
}

# shards OUT WORD...: shards.mk, at most two minutes.
shards() {
	timeout 120 make -j4 --no-print-directory -f "$CE_ROOT/samples/shards.mk" "${work[@]}" OUT="$1" "${@:2}" >"$nodes_dir/log/$1" 2>&1 || {
		grep -v -e '^scratch=' -e '^ce-' -e '^mkdir' "$nodes_dir/log/$1" | tail -n 40
		return 1
	}
}

# with_loss COMMAND...: while it runs, the machine of a ce-clean dies.
with_loss() {
	local pid
	: >armed
	"$@" &
	pid=$!
	until_true 60 test -e victim
	echo "$(date +%T) killed: $(cat victim)" >>"$nodes_dir/log/killed"
	node_kill "$(cat victim)"
	wait $pid
}

# same_tables OUT: the ranges behind each other are what one process makes.
same_tables() {
	local table name
	for table in one/*.csv.gz; do
		name=${table##*/}
		case $name in
		rejects.csv.gz) ;;
		online_effects.csv.gz) cmp <(gzip -dc "$1/$name") <(gzip -dc "$table") ;;
		*) cmp <(for range in "$1"/[0-9]*; do gzip -dc "$range/$name" | if [[ $range == */0000 ]]; then cat; else tail -n +2; fi; done) \
			<(gzip -dc "$table") ;;
		esac || { echo "$1: $name is not that of one process" && return 1; }
	done
	[ "$(gzip -dc "$1"/rejects/*.csv.gz | grep -vc '^file,')" -eq "$(gzip -dc one/rejects.csv.gz | grep -vc '^file,')" ]
}
