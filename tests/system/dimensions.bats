# Dimension tables through the whole pipe: none at all, and histories, with which a plan that is bought
# later is not known earlier.
# shellcheck disable=SC2154 # fails leaves $stderr
load ../common

workload() {
	ce-synth --users 60 --contents 30 --days 20 --sessions 900 --seed 5 -o data
	ce-clean data/events_table.csv.gz -o cleaned.csv.gz
}

# rest <JOINED >FEATURES: the pipe behind the join.
rest() {
	ce-sessionize 2>/dev/null | ce-agg | ce-features -p
}

@test "no users and no contents: no tables, and tables of headers alone, give the same features" {
	workload
	ce-join --left --strict cleaned.csv.gz >joined.csv.gz
	rest <joined.csv.gz >none.csv
	for table in users_dim content_dim; do
		gzip -dc data/$table.csv.gz | head -n 1 >$table.csv
	done
	ce-join --left --drop email -k user_id users_dim.csv -k content_id content_dim.csv cleaned.csv.gz 2>told |
		rest >headers.csv
	[ "$(cat told)" = "$(printf 'ce-join: warning: %s_dim.csv has no rows: its columns are empty in all rows\n' users content)" ]
	same none.csv headers.csv
	ce-join --left -k content_id content_dim.csv cleaned.csv.gz | ce-join --left | rest | cut -d, -f1 | same - <(cut -d, -f1 none.csv)
	[ "$(wc -l <none.csv)" -gt 2000 ]
	# What comes after works, and finds something in what is left.
	ce-train -o model none.csv
	ce-predict -m model none.csv | ce-eval -o verdict.csv -p
	pick auc_roc <verdict.csv | awk '{ exit !($1 > 0.7) }'
	# ce-sessionize says what is lost.
	fails 1 ce-sessionize --strict joined.csv.gz
	[[ $stderr == "ce-sessionize: warning: "*" sessions are of contents of unknown runtime: "* ]]
}

@test "an empty dimension of an inner join stops the whole pipe" {
	workload
	gzip -dc data/users_dim.csv.gz | head -n 1 >users_dim.csv
	ce-join --drop email -k user_id users_dim.csv -k content_id data/content_dim.csv.gz cleaned.csv.gz 2>told | rest >out 2>>told || status=$?
	[ "$status" -eq 1 ]
	[[ $(head -n 1 told) == "ce-join: users_dim.csv: no rows: nothing can match"* ]]
}

@test "a column to keep goes through the whole pipe and is a feature" {
	workload
	gzip -dc data/content_dim.csv.gz | sed '1s/$/,studio/; 2,$s/$/,s1/' >contents.csv
	ce-join --drop email -k user_id data/users_dim.csv.gz -k content_id contents.csv cleaned.csv.gz |
		ce-sessionize --keep studio | ce-agg --keep studio | ce-features --keep studio -p >out
	[ "$(head -n 1 out)" = "$(table_columns completion_prediction_features | sed 's/,session_id,/&studio,/')" ]
	cut -d, -f1-5,7- out >without
	ce-join --drop email -k user_id data/users_dim.csv.gz -k content_id data/content_dim.csv.gz cleaned.csv.gz | rest | same without -
	[ "$(cut -d, -f6 out | sort -u | paste -sd,)" = s1,studio ]
}

# The log with the plan that each user has at each event: bought at a moment of their own.
@test "a plan bought later is not known earlier; ce-audit finds a table as of today, and no history" {
	workload
	gzip -dc cleaned.csv.gz | awk -F, -v OFS=, 'NR == 1 { print $0, "plan"; next }
		{ n[$3] += last[$3] != $2; last[$3] = $2; print $0, (n[$3] > 20 + substr($3, 2) % 7 ? "gold" : "free") }' >log.csv
	# What a warehouse knows of it: a row of today for each user, or one for each change.
	cat >today.awk <<-'AWK'
		NR == 1 { print "user_id,plan_tier,signup_date"; next }
		{ plan[$3] = $8 }
		END { for (u in plan) print u "," plan[u] "," }
	AWK
	cat >history.awk <<-'AWK'
		NR == 1 { print "user_id,since,plan_tier,signup_date"; next }
		$8 != plan[$3] { print $3 "," $2 "," $8 ","; plan[$3] = $8 }
	AWK
	behind='-k content_id data/content_dim.csv.gz cut.csv | ce-sessionize | ce-agg | ce-features -p'
	today="tee log-cut.csv | cut -d, -f1-7 >cut.csv; awk -F, -f today.awk log-cut.csv >users.csv; ce-join -k user_id users.csv $behind"
	history="tee log-cut.csv | cut -d, -f1-7 >cut.csv; awk -F, -f history.awk log-cut.csv >users.csv; ce-join -k user_id --valid-from since users.csv $behind"
	ce-audit -p -c "$history" log.csv >audit.csv
	fails 1 ce-audit -p -c "$today" log.csv
	[[ $stderr == *"user_plan_tier"* ]]
	[ "$(awk -F, '$2 == "feature" && $4 > 0 { print $1 }' stdout)" = user_plan_tier ]
	# And each row has the plan of its time.
	sh -c "$history" <log.csv >features.csv
	awk -F, 'FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		FILENAME == "log.csv" { plan[$1] = $8; next }
		$at["user_plan_tier"] != plan[$1] { print "event " $1 ": " $at["user_plan_tier"]; bad = 1 } END { exit bad }' log.csv features.csv
	[ "$(cut -d, -f6 features.csv | sort | uniq -c | awk '$1 > 100' | wc -l)" -eq 2 ]
}
