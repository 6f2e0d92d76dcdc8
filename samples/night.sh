#!/bin/sh
# A night without a scheduler: yesterday's events from PostgreSQL, its features, and what is open scored. For a line of
# `crontab -e`, some time after midnight UTC (in /etc/cron.d the user comes before the command):
#
#	30 0 * * *  PATH=/usr/local/bin:$PATH DB=ce sh /srv/ce/night.sh /srv/ce/data
#
# Once a week, after Sunday (TRAIN_ON=7; 0: never), it trains a candidate, puts that in the place of champion.model, the model that
# serves, unless it is worse, and evaluates what was served (night.log). The first one comes after the first whole week.
#
# What it says is an error, a warning or that an older day is made again, which cron mails. A night that failed is made up
# for by the next: every day that has no partition yet is exported, since the first one there, or since SINCE=2024-01-01.
#
# The AGAIN=2 days before yesterday are exported again, for the events that came late into the database, which still has to
# hold those days. A day with the same rows as before is not made again. Events that come later yet are seen when the partition
# of their day is removed.
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
cd "${1:?usage: night.sh DIR}"
mkdir -p logs dims
# Two at once would take each other's exports for their own. As of days.mk, the lock goes with the last process of the run.
exec 9>.lock
flock -n 9 || { echo "night.sh: $PWD: another run is at work there" >&2 && exit 1; }

# The rows of a partition, in an order: the server has none.
rows() { gzip -dc "$1" | sort | sha256sum; }

day=${SINCE:-$(find logs -name '????-??-??.csv.gz' | sort | sed -n '1s/.*\///; 1s/\.csv\.gz$//p')}
midnight() { date -u -d "$(date -u -d "$1" +%F)" +%s; }
yesterday=$(midnight yesterday)
again=$((yesterday - ${AGAIN:-2} * 86400))
from=$(midnight "${day:-yesterday}")
while [ "$from" -le "$yesterday" ]; do
	day=$(date -u -d "@$from" +%F)
	partition=logs/$day.csv.gz
	if [ ! -e "$partition" ] || [ "$from" -ge "$again" ]; then
		ce-export ${DB:+-d "$DB"} --since "${day}T00:00:00Z" --until "$(date -u -d "$day + 1 day" +%FT00:00:00Z)" -o logs/.new.csv.gz events_table
		if [ -e "$partition" ] && [ "$(rows "$partition")" = "$(rows logs/.new.csv.gz)" ]; then
			rm logs/.new.csv.gz
		else
			mv logs/.new.csv.gz "$partition"
		fi
	fi
	from=$((from + 86400))
done
ce-export ${DB:+-d "$DB"} -O dims users_dim content_dim

# First the days alone, which need no database.
days() { make -s --no-print-directory -f "$here/days.mk" LOGS=logs DATA=dims OUT=out MODEL=champion.model "$@" >>night.log; }
: >night.log
days DB= all
# Without a model yet there is nothing to score, nor anything that was.
if [ -e champion.model ]; then days DB="${DB-}" load predict; else days DB="${DB-}" load; fi
# After what is served, so that what fails here costs no prediction; and again in the next night, if it failed.
on=${TRAIN_ON:-7}
week=$((yesterday - ($(date -u -d "@$yesterday" +%u) - on + 7) % 7 * 86400))
first=$(midnight "$(find logs -name '????-??-??.csv.gz' | sort | sed -n '1s/.*\///; 1s/\.csv\.gz$//p')")
if [ "$on" -gt 0 ] && [ "$week" -ge $((first + 6 * 86400)) ] && [ "$(cat week 2>/dev/null)" != "$week" ]; then
	champion=$(find . -maxdepth 1 -name champion.model)
	days DB= promote
	if [ "$champion" ]; then days DB="${DB-}" load served; fi
	echo "$week" >week
fi
