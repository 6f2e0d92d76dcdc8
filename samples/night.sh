#!/bin/sh
# A night without a scheduler: yesterday's events from PostgreSQL, its features, and what is open scored. For a line of a crontab,
# some time after midnight UTC, when the events of the day before have arrived:
#
#	30 0 * * *  ce  DB=ce /srv/ce/night.sh /srv/ce/data
#
# What it says is an error or a warning, which cron mails. A night that failed is made up for by the next: every day
# that has no partition yet is exported, since the first one there, or since SINCE=2024-01-01.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cd "${1:?usage: night.sh DIR}"
mkdir -p logs dims

day=${SINCE:-$(find logs -name '????-??-??.csv.gz' | sort | sed -n '1s/.*\///; 1s/\.csv\.gz$//p')}
yesterday=$(date -u -d yesterday +%F)
last=$(date -u -d "${day:-$yesterday}" +%F)
while [ "$(date -u -d "$last" +%s)" -le "$(date -u -d "$yesterday" +%s)" ]; do
	next=$(date -u -d "$last + 1 day" +%F)
	[ -e "logs/$last.csv.gz" ] ||
		ce-export ${DB:+-d "$DB"} --since "${last}T00:00:00Z" --until "${next}T00:00:00Z" -o "logs/$last.csv.gz" events_table
	last=$next
done
ce-export ${DB:+-d "$DB"} -O dims users_dim content_dim

# First the days alone, which need no database.
days() { make -s --no-print-directory -f "$here/days.mk" LOGS=logs DATA=dims OUT=out MODEL=completion.model "$@" >>night.log; }
: >night.log
days DB= all
# Without a model yet there is nothing to score.
if [ -e completion.model ]; then days DB="${DB-}" load predict; else days DB="${DB-}" load; fi
