# ce-join: the columns of dimension tables by key.
# shellcheck disable=SC2154 # fails leaves $stderr
load ../common

# FILE is what stands on stdin.
holds() {
	cat >want
	same "$1" want
}

dimensions() {
	cat >events.csv <<-'END'
		id,user,item
		1,a,x
		2,b,y
		3,,x
		4,"",x
		5,"q""1",z
		6,"c
		d","x,y"
	END
	cat >users.csv <<-'END'
		tier,user,since
		free,a,
		"",b,2020
		"x,y","q""1","l1
		l2"
		,"c
		d",\.
	END
	printf 'item,genre\nx,Drama\ny,\n"x,y",""\n' >items.csv
}

@test "adds the columns behind the row's own, in the order of -k, and keeps the rows' order" {
	dimensions
	ce-join -p -k user users.csv -k item items.csv events.csv >out 2>note
	cat >want <<-'END'
		id,user,item,tier,since,genre
		1,a,x,free,,Drama
		2,b,y,"",2020,
		6,"c
		d","x,y",,"\.",""
	END
	same out want
	[ "$(tail -n 1 note)" = "ce-join: kept 3 of 6 rows; 3 without a match: 2 user, 1 item" ]
}

@test "--left keeps every row; what has no match is NULL, never the empty string" {
	dimensions
	ce-join -p --left -k user users.csv -k item items.csv events.csv >out 2>note
	cat >want <<-'END'
		id,user,item,tier,since,genre
		1,a,x,free,,Drama
		2,b,y,"",2020,
		3,,x,,,Drama
		4,"",x,,,Drama
		5,"q""1",z,"x,y","l1
		l2",
		6,"c
		d","x,y",,"\.",""
	END
	same out want
	[ "$(tail -n 1 note)" = "ce-join: wrote 6 of 6 rows; 3 without a match: 2 user, 1 item" ]
}

@test "says nothing where every row has its match" {
	dimensions
	printf 'item\nx\ny\nz\n"x,y"\n' >all.csv
	ce-join -p -k item all.csv events.csv >out 2>note
	same out events.csv
	[ ! -s note ]
}

@test "--unmatched keeps the rows that have no match as they came, in either kind of join" {
	dimensions
	printf 'id,user,item\n3,,x\n4,"",x\n5,"q""1",z\n' >want
	for left in "" --left; do
		# shellcheck disable=SC2086
		ce-join -p $left -k user users.csv -k item items.csv --drop user,item \
			--unmatched rest.csv events.csv >out 2>note
		cp rest.csv rest
		same rest want
	done
}

@test "--drop leaves out columns of either side, keys too, and keeps NULL apart from empty" {
	dimensions
	ce-join -p -k user users.csv --drop since,item --drop user events.csv >out 2>note
	printf 'id,tier\n1,free\n2,""\n5,"x,y"\n6,\n' | holds out
	ce-join -p -k user users.csv --drop id events.csv 2>note | head -n 3 >out
	printf 'user,item,tier,since\na,x,free,\nb,y,"",2020\n' | holds out
	# A column that both sides have goes from both.
	printf 'user,item\na,1\nb,2\n' >also.csv
	ce-join -p -k user also.csv --drop item --max-unmatched 4 events.csv >out 2>note
	printf 'id,user\n1,a\n2,b\n' | holds out
}

@test "--drop may write a column in another way" {
	dimensions
	ce-join -p -k user users.csv --drop since,item events.csv >want 2>note
	ce-join -p -k user users.csv --drop 'Since, ITEM' events.csv >out 2>note
	same out want
}

@test "a duplicate column is on the line of the header" {
	dimensions
	sed '1s/^/\n/; 1s/tier/item/' users.csv >late.csv
	fails 1 ce-join -p -k user late.csv events.csv
	[ "$stderr" = "ce-join: late.csv:2: duplicate column item (--drop removes columns)" ]
}

@test "--drop may name a column twice" {
	dimensions
	ce-join -p -k user users.csv --drop since --drop item,since events.csv >out 2>note
	printf 'id,user,tier\n1,a,free\n2,b,""\n5,"q""1","x,y"\n' >want
	head -n 4 out | cmp - want
}

@test "--drop of a column that no table has is an error" {
	dimensions
	fails 1 ce-join -p -k user users.csv --drop email events.csv
	[ "$stderr" = "ce-join: --drop: no table has a column email" ]
	fails 1 ce-join -p -k user users.csv --drop teir events.csv
	[ "$stderr" = "ce-join: --drop: no table has a column teir; the nearest name is 'tier'" ]
	fails 1 ce-join -p -k user users.csv --drop id,user,item,tier,since events.csv
	[ "$stderr" = "ce-join: --drop: no column is left" ]
}

@test "keys compare bytewise: blanks, case, zeros and normal forms all count" {
	printf 'k,v\na,1\nA,2\n a,3\n1,4\n01,5\n1.0,6\nNi\xc3\xb1os,7\nNin\xcc\x83os,8\n' >dim.csv
	printf 'k\nNin\xcc\x83os\n1.0\n01\n1\n a\nA\na\n' >keys.csv
	ce-join -p -k k dim.csv keys.csv 2>note | cut -d, -f2 | paste -sd, >out
	[ "$(cat out)" = v,8,6,5,4,3,2,1 ]
	printf 'k\na \nNINOS\n1e0\n' >none.csv
	fails 1 ce-join -p -k k dim.csv --max-unmatched 100% none.csv
	[ "$stderr" = "ce-join: none of 3 rows has a match: 3 k" ]
}

@test "one key may have two dimensions, one dimension file two keys" {
	printf 'id,from,to\n1,a,b\n2,b,a\n3,b,b\n' >trips.csv
	printf 'from,name\na,Aachen\nb,Berlin\n' >from.csv
	printf 'to,zip\na,52\nb,10\n' >to.csv
	printf 'from,river\na,Wurm\nb,Spree\n' >rivers.csv
	ce-join -p -k from from.csv -k to to.csv -k from rivers.csv trips.csv >out
	cat >want <<-'END'
		id,from,to,name,zip,river
		1,a,b,Aachen,10,Wurm
		2,b,a,Berlin,52,Spree
		3,b,b,Berlin,10,Spree
	END
	same out want
}

@test "zero rows on either side" {
	dimensions
	head -n 1 events.csv >none.csv
	ce-join -p -k user users.csv none.csv >out 2>note
	printf 'id,user,item,tier,since\n' | holds out
	[ ! -s note ]
	printf 'user,x\n' >nobody.csv
	ce-join -p --left -k user nobody.csv events.csv 2>note | head -n 2 >out
	printf 'id,user,item,x\n1,a,x,\n' | holds out
}

@test "50,000 keys find their own rows" {
	awk 'BEGIN { print "k,v"; for (i = 0; i < 50000; i++) print "key" i "," i * 7 }' >dim.csv
	awk 'BEGIN { print "k,i"; for (i = 0; i < 50000; i++) { j = (i * 7919) % 50000; print "key" j "," j } }' |
		ce-join -p -k k dim.csv >out
	awk -F, 'NR > 1 && $3 != $2 * 7 { bad++ } END { if (NR != 50001 || bad) exit 1 }' out
}

@test "a bad dimension is an error that names its line" {
	dimensions
	printf 'user,t\na,1\n"c\nd",3\na,2\n' >twice.csv
	fails 1 ce-join -p -k user twice.csv events.csv
	[ "$stderr" = "ce-join: twice.csv:5: column user: duplicate key 'a'" ]
	printf 'user,t\na,1\n,2\n' >null.csv
	fails 1 ce-join -p -k user null.csv events.csv
	[ "$stderr" = "ce-join: null.csv:3: column user: empty key" ]
	printf 'user,t\n"",2\n' >empty.csv
	fails 1 ce-join -p -k user empty.csv events.csv
	[ "$stderr" = "ce-join: empty.csv:2: column user: empty key" ]
	printf 'name,t\na,1\n' >nokey.csv
	fails 1 ce-join -p -k user nokey.csv events.csv
	[[ $stderr == "ce-join: nokey.csv:1: missing column user"* ]]
	printf 'user,t\na,1,2\n' >ragged.csv
	fails 1 ce-join -p -k user ragged.csv events.csv
	[ "$stderr" = "ce-join: ragged.csv:2: expected 2 fields, found 3" ]
	fails 1 ce-join -p -k user absent.csv events.csv
	[ "$stderr" = "ce-join: absent.csv: No such file or directory" ]
	gzip -c users.csv | head -c -4 >cut.csv.gz
	fails 1 ce-join -p -k user cut.csv.gz events.csv
	[[ $stderr == "ce-join: cut.csv.gz: "* ]]
}

@test "a column that two tables have is an error, a missing key too" {
	dimensions
	printf 'user,item\na,1\n' >both.csv
	fails 1 ce-join -p -k user both.csv events.csv
	[[ $stderr == "ce-join: both.csv:1: duplicate column item"* ]]
	fails 1 ce-join -p -k user users.csv -k user users.csv events.csv
	[[ $stderr == "ce-join: users.csv:1: duplicate column tier"* ]]
	printf 'genre,mood\nDrama,dark\n' >moods.csv
	fails 1 ce-join -p -k genre moods.csv events.csv
	[[ $stderr == "ce-join: events.csv:1: missing column genre"* ]]
}

@test "a command line without a dimension is bad usage" {
	dimensions
	fails 2 ce-join -p events.csv
	[[ $stderr == "ce-join: no dimension table: -k KEY FILE (or --left) is required"* ]]
	fails 2 ce-join -p -k user
	[[ $stderr == "ce-join: option '--key' requires two arguments: KEY FILE"* ]]
}

@test "a failure leaves no --unmatched file behind, and an old one untouched" {
	dimensions
	printf 'id,user,item\n1,a,x\n2,b\n' >ragged.csv
	fails 1 ce-join -p -k user users.csv --unmatched rest.csv ragged.csv
	[ "$stderr" = "ce-join: ragged.csv:3: expected 3 fields, found 2" ]
	[ ! -e rest.csv ]
	echo old >rest.csv
	fails 1 ce-join -p -k user users.csv --unmatched rest.csv ragged.csv
	[ "$(cat rest.csv)" = old ]
	[ -z "$(find . -name '*.tmp')" ]
	printf 'id,user,item\n1,a,x\n' >fine.csv
	fails 1 ce-join -k user users.csv --unmatched new.csv -o /dev/full fine.csv
	[ ! -e new.csv ]
	fails 1 ce-join -p -k user users.csv --unmatched no/such/dir.gz events.csv
	[ "$stderr" = "ce-join: no/such/dir.gz: No such file or directory" ]
}

@test "events out of order are refused, other tables may come in any" {
	printf 'user,plan\na,free\n' >plans.csv
	printf 'event_id,event_ts,user\ne2,5,a\ne1,5,a\n' >events.csv
	fails 1 ce-join -p -k user plans.csv events.csv
	[ "$stderr" = "ce-join: events.csv:3: event 'e1' at 5 comes before event 'e2' at 5 of line 2 (ce-clean puts events in order)" ]
	printf 'event_id,event_ts,user\ne2,2024-01-01T00:00:00Z,a\n' >raw.csv
	fails 1 ce-join -p -k user plans.csv raw.csv
	[ "$stderr" = "ce-join: raw.csv:2: column event_ts: invalid integer '2024-01-01T00:00:00Z' (ce-clean reads raw events)" ]
	printf 'event_ts,user\n5,a\n4,a\n' | ce-join -p -k user plans.csv >out
	[ "$(wc -l <out)" -eq 3 ]
}

# events_of USER TIME ...: events of users at times.
events_of() {
	echo event_id,event_ts,user_id,content_id
	while (($#)); do
		printf 'e%02d,%s,%s,c\n' $((n++)) "$2" "$1"
		shift 2
	done
}

@test "more than half of the rows without a match is an error, and no output is finished" {
	dimensions
	# A count is too much as soon as it is exceeded, here in the fifth row.
	for limit in 49.9%:6 2:5; do
		n=${limit#*:} limit=${limit%:*}
		fails 1 ce-join -k user users.csv -k item items.csv --max-unmatched "$limit" --unmatched rest.csv events.csv
		[ "$stderr" = "ce-join: 3 of $n rows have no match, more than --max-unmatched $limit: 2 user, 1 item" ]
		[ ! -e rest.csv ]
		! gzip -t stdout 2>/dev/null || return 1
		fails 1 ce-join -p --left -k user users.csv -k item items.csv --max-unmatched "$limit" events.csv
	done
	for limit in 50% 3 100%; do
		ce-join -p -k user users.csv -k item items.csv --max-unmatched "$limit" events.csv >out 2>note
	done
	# By default half of them.
	printf 'user\na\nx\ny\n' >three.csv
	fails 1 ce-join -p -k user users.csv three.csv
	[ "$stderr" = "ce-join: 2 of 3 rows have no match, more than --max-unmatched 50%: 2 user" ]
	fails 2 ce-join -p -k user users.csv --max-unmatched half three.csv
}

@test "nothing kept of something is an error, whatever the bound; nothing of nothing is not" {
	dimensions
	printf 'user\nx\n' >one.csv
	for limit in 100% 1; do
		fails 1 ce-join -p -k user users.csv --max-unmatched $limit one.csv
		[ "$stderr" = "ce-join: none of 1 rows has a match: 1 user" ]
		ce-join -p --left -k user users.csv --max-unmatched $limit one.csv >out 2>note
		[ "$(tail -n 1 out)" = x,, ]
	done
	head -n 1 one.csv | ce-join -p -k user users.csv >out
	[ "$(cat out)" = user,tier,since ]
}

@test "a dimension without rows is an error, but in a left join, where it does not count" {
	dimensions
	echo user,plan >nobody.csv
	for stream in events.csv /dev/stdin; do
		fails 1 ce-join -p -k item items.csv -k user nobody.csv $stream <<<user,item
		[ "$stderr" = "ce-join: nobody.csv: no rows: nothing can match (--left keeps rows without a match)" ]
	done
	ce-join -p --left -k user nobody.csv --max-unmatched 0 --unmatched rest.csv events.csv >out 2>note
	[ "$(cat note)" = "ce-join: warning: nobody.csv has no rows: its columns are empty in all rows" ]
	fails 1 ce-join -p --strict --left -k user nobody.csv events.csv
	[ "$(wc -l <rest.csv)" -eq 1 ]
	[ "$(sed -n 2p out)" = 1,a,x, ]
	fails 1 ce-join -p --left -k user nobody.csv -k item items.csv --max-unmatched 0 events.csv
	[[ $stderr == *": 1 item" ]]
}

@test "a warning of more than 5 % without a match, an error with --strict" {
	awk 'BEGIN { print "k"; for (i = 0; i < 100; i++) print i }' >keys.csv
	for from in 5 6; do
		awk -v from=$from 'BEGIN { print "k,v"; for (i = from; i < 100; i++) print i ",x" }' >dim$from.csv
	done
	ce-join -p --strict -k k dim5.csv keys.csv >out 2>note
	[ "$(cat note)" = "ce-join: kept 95 of 100 rows; 5 without a match: 5 k" ]
	for left in "" --left; do
		# shellcheck disable=SC2086
		ce-join -p $left -k k dim6.csv keys.csv >out 2>note
		[ "$(head -n 1 note)" = "ce-join: warning: 6 of 100 rows have no match: 6 k: another form of the key, or a dimension table of another day? (--unmatched FILE writes them)" ]
		[[ $(tail -n 1 note) == "ce-join: "*" 100 of 100 rows; 6 without a match: 6 k" || ! $left ]]
		# shellcheck disable=SC2086
		fails 1 ce-join $left --strict -k k dim6.csv --unmatched rest.csv keys.csv
		[ ! -e rest.csv ]
		! gzip -t stdout 2>/dev/null || return 1
	done
}

@test "a stream of events: the columns that later tools read are checked, by the dimension's line" {
	n=1
	events_of u 5 >events.csv
	says() {
		printf %b "$1" >dim.csv
		fails 1 ce-join -p -k "${3:-content_id}" dim.csv events.csv
		[ "$stderr" = "ce-join: dim.csv:$2" ] || { echo "$stderr" && false; }
	}
	says 'content_id,genre,runtime\nc,drama,90min\n' \
		"2: column runtime: expected seconds, 01:30:00 or PT1H30M, found '90min'"
	says 'content_id,note,runtime\nb,"2\n3",5\nc,,NA\n' \
		"4: column runtime: expected seconds, 01:30:00 or PT1H30M, found 'NA' (--na names the words that mean unknown)"
	says 'content_id,release_year\nc,1999-05-01\n' "2: column release_year: expected a year, found '1999-05-01'"
	says 'user_id,signup_date\nu,31/12/2023\n' \
		"2: column signup_date: expected a time such as 2024-01-31 or 2024-01-31T12:00:00Z, found '31/12/2023'" user_id
	# What is dropped is not read, and a stream of other rows has no such columns.
	ce-join -p --drop signup_date -k user_id dim.csv events.csv >out
	cut -d, -f1,3 events.csv | ce-join -p -k user_id dim.csv | tail -n 1 | grep -qx 'e01,u,31/12/2023'
}

@test "a stream of events gets whole seconds and years, and signup_date as it is" {
	n=1
	events_of u 1 v 2 w 3 x 4 >events.csv
	cat >dim.csv <<-'END'
		user_id,runtime,release_year,signup_date,plan_tier
		u,1500.0,2001.0,2024-01-31,free
		v, 00:25:00 ,,"2024-01-31 12:00:00.25+01:00",
		w,PT25M,-5," 2024-01-31T12:00Z ",""
		x,,""," ", gold
	END
	ce-join -p -k user_id dim.csv events.csv | cut -d, -f5- >out
	holds out <<-'END'
		runtime,release_year,signup_date,plan_tier
		1500,2001,2024-01-31,free
		1500,,2024-01-31 12:00:00.25+01:00,
		1500,-5,2024-01-31T12:00Z,""
		,"",, gold
	END
}

@test "what the events themselves bring is checked and made canonical as well" {
	n=1
	events_of u 1 v 2 w 3 | sed '1s/$/,runtime,"note",signup_date/; 2s/$/,PT25M,"a",2024-01-31/
		3s/$/, 90 ,,/; 4s/$/,"","",2024-01-31/' >events.csv
	ce-join -p --left events.csv | cut -d, -f5-7 >out
	holds out <<-'END'
		runtime,note,signup_date
		1500,a,2024-01-31
		90,,
		"","",2024-01-31
	END
	# What is canonical is passed on as it is, quotes and all.
	sed 's/PT25M/1500/; s/ 90 /"90"/' events.csv >canonical.csv
	ce-join -p --left canonical.csv | cut -d, -f-7 | tail -n +2 >out
	tail -n +2 canonical.csv | same out -
	sed 's/ 90 /90min/' events.csv >bad.csv
	fails 1 ce-join -p --left bad.csv
	[ "$stderr" = "ce-join: bad.csv:3: column runtime: expected seconds, 01:30:00 or PT1H30M, found '90min'" ]
	ce-join -p --left --drop runtime bad.csv >out
	# Rows that are no events have no such columns.
	printf 'content_id,genre\nc,x\n' >dim.csv
	cut -d, -f2- bad.csv | ce-join -p -k content_id dim.csv | grep -q ,90min,
}

@test "--na: a field of a dimension that is one of the words is NULL, in every column" {
	n=1
	events_of u 1 v 2 w 3 x 4 >events.csv
	cat >dim.csv <<-'END'
		user_id,runtime,plan_tier
		u,NA,na
		v," NA ","NA"
		w,\N,NAN
		x,"n/a",N/A
	END
	ce-join -p --na NA,n/a --na '\N' -k user_id dim.csv events.csv | cut -d, -f5- >out
	printf 'runtime,plan_tier\n,na\n,\n,NAN\n,N/A\n' | holds out
	echo NA,5, >>dim.csv
	fails 1 ce-join -p --na NA,n/a,'\N' -k user_id dim.csv events.csv
	[ "$stderr" = "ce-join: dim.csv:6: column user_id: empty key" ]
	fails 2 ce-join -p --na NA, -k user_id dim.csv events.csv
}

@test "--left without -k: events with empty columns in place of dimension tables" {
	n=1
	events_of u 1 v 2 >events.csv
	ce-join -p --left --strict events.csv >out 2>note
	holds out <<-'END'
		event_id,event_ts,user_id,content_id,plan_tier,signup_date,genre,runtime,release_year,maturity_rating
		e01,1,u,c,,,,,,
		e02,2,v,c,,,,,,
	END
	[ ! -s note ]
	# Only what the stream lacks, and not what is not wanted.
	printf 'content_id,runtime,genre\nc,60,Drama\n' >contents.csv
	ce-join -p -k content_id contents.csv events.csv | ce-join -p --left --drop plan_tier >out
	holds out <<-'END'
		event_id,event_ts,user_id,content_id,runtime,genre,signup_date,release_year,maturity_rating
		e01,1,u,c,60,Drama,,,
		e02,2,v,c,60,Drama,,,
	END
	fails 1 ce-join -p --left contents.csv
	[ "$stderr" = "ce-join: contents.csv:1: no events, which have the columns event_ts and event_id: only those can be joined without a dimension table (-k KEY FILE)" ]
	head -n 1 events.csv | ce-join -p --left >out
	[ "$(wc -l <out)" -eq 1 ]
}

@test "--valid-from joins the row that is valid at the event's time" {
	n=1
	events_of a 1709251199999 b 1709251200000 a 1709251200000 a 1711929600000 c 1711929600001 >events.csv
	cat >plans.csv <<-'END'
		plan_tier,user_id,since,email
		gold,a,2024-03-31T20:00:00-0400,a@x
		free,b,,b@x
		silver,a,2024-03-01 00:00,a@x
		free,c,2099-01-01 00:00,c@x
		"",a,2020-01-01T00:00:00Z,a@x
	END
	ce-join -p --drop email -k user_id --valid-from since plans.csv events.csv >out 2>note
	holds out <<-'END'
		event_id,event_ts,user_id,content_id,plan_tier
		e01,1709251199999,a,c,""
		e02,1709251200000,b,c,free
		e03,1709251200000,a,c,silver
		e04,1711929600000,a,c,gold
	END
	[ "$(tail -n 1 note)" = "ce-join: kept 4 of 5 rows; 1 without a match: 1 user_id (1 has no version yet)" ]
	# The times may be dropped by name, too, and an equals sign may come before theirs.
	ce-join -p --drop since,email -k user_id --valid-from=since plans.csv events.csv 2>note | cmp - out
	# Plain and as-of joins side by side.
	printf 'content_id,genre\nc,Drama\n' >contents.csv
	ce-join -p --drop email -k user_id --valid-from since plans.csv -k content_id contents.csv events.csv 2>note |
		tail -n 1 | grep -qx 'e04,1711929600000,a,c,gold,Drama'
}

@test "--valid-from: what it needs, and what it refuses" {
	n=1
	events_of a 1709251200000 >events.csv
	printf 'user_id,since,plan\na,2024-01-01T00:00Z,x\n' >plans.csv
	fails 1 ce-join -p -k user_id --valid-from until plans.csv events.csv
	[[ $stderr == "ce-join: plans.csv:1: missing column until"* ]]
	cut -d, -f1,3 events.csv >users.csv
	fails 1 ce-join -p -k user_id --valid-from since plans.csv users.csv
	[[ $stderr == "ce-join: users.csv:1: missing column event_ts"* ]]
	printf 'event_ts,user_id\nsoon,a\n' >rows.csv
	fails 1 ce-join -p -k user_id --valid-from since plans.csv rows.csv
	[ "$stderr" = "ce-join: rows.csv:2: column event_ts: invalid integer 'soon'" ]
	printf 'user_id,since\na,2024-01-01 00:00\nb,\na,2024-01-01T01:00+01\n' >twice.csv
	fails 1 ce-join -p -k user_id --valid-from since twice.csv events.csv
	[ "$stderr" = "ce-join: twice.csv:4: column since: key 'a' has a row from this time on in line 2 already" ]
	printf 'user_id,since\na,yesterday\n' >bad.csv
	fails 1 ce-join -p -k user_id --valid-from since bad.csv events.csv
	[ "$stderr" = "ce-join: bad.csv:2: column since: expected a time, found 'yesterday' (--na names the words that mean unknown)" ]
	printf 'user_id,since\na,2024-03-01\n' >bad.csv
	fails 1 ce-join -p --tz UTC -k user_id --valid-from since bad.csv events.csv
	[ "$stderr" = "ce-join: bad.csv:2: column since: expected a time, found '2024-03-01': a date alone does not say from when on (2024-03-01T00:00:00Z does)" ]
	printf 'user_id,since\na,0\n' >bad.csv
	fails 1 ce-join -p -k user_id --valid-from since bad.csv events.csv
	[ "$stderr" = "ce-join: bad.csv:2: column since: expected a time, found '0' (an empty field means since ever)" ]
	fails 2 ce-join -p --valid-from since -k user_id plans.csv events.csv
	[[ $stderr == "ce-join: --valid-from: must be given as in -k KEY --valid-from COL FILE"* ]]
	fails 2 ce-join -p -k user_id --valid-from since
	[[ $stderr == "ce-join: option '--key' requires two arguments: KEY FILE"* ]]
	fails 1 ce-join -p -k user_id --valid-from user_id plans.csv events.csv
	[ "$stderr" = "ce-join: --valid-from: user_id is the key" ]
}

@test "--valid-from: --tz is the zone of its times without an offset, and of nothing else" {
	n=1
	events_of a 1709247599999 a 1709247600000 a 1709249400000 >events.csv
	printf 'user_id,since,plan_tier,signup_date\na,,free,2024-02-01\na,2024-03-01 00:00,basic,2024-02-01 10:00\na,2024-02-29T23:30Z,gold,\n' >plans.csv
	ce-join -p --tz Europe/Berlin -k user_id --valid-from since plans.csv events.csv | cut -d, -f2,5- >out
	holds out <<-'END'
		event_ts,plan_tier,signup_date
		1709247599999,free,2024-02-01
		1709247600000,basic,2024-02-01 10:00
		1709249400000,gold,
	END
	fails 2 ce-join -p --tz Nowhere/Land -k user_id --valid-from since plans.csv events.csv
	fails 2 ce-join -p -k user_id --tz Europe/Berlin plans.csv events.csv
	[[ $stderr == "ce-join: --key: '--tz' is between its arguments, KEY FILE: it must be before --key or after them"* ]]
	# The second 02:30 of that night is an hour later than the first.
	printf 'user_id,since\na,\na,2024-10-27 02:30\n' >plans.csv
	ce-join -p --tz Europe/Berlin -k user_id --valid-from since plans.csv events.csv 2>&1 >out | grep -qx \
		"ce-join: warning: 1 times in column since of plans.csv are ones that a change of the clock skips or repeats, taken as before the change (--tz)"
}

@test "--valid-from: rows before their key's first version are counted, and may be the cause of a warning" {
	n=1
	events_of a 1 a 2 b 3 c 4 a 1709251200000 b 1709251200000 >events.csv
	printf 'user_id,since\na,2024-01-01T00:00Z\nb,2024-01-01T00:00Z\n' >plans.csv
	ce-join -p --max-unmatched 100% -k user_id --valid-from since plans.csv events.csv >out 2>note
	holds note <<-'END'
		ce-join: warning: 4 of 6 rows have no match: 4 user_id (3 have no version yet): a history that begins too late? An empty time means since ever (--unmatched FILE writes them)
		ce-join: kept 2 of 6 rows; 4 without a match: 4 user_id (3 have no version yet)
	END
}

@test "--valid-from: a column that tells what comes later is a warning, unless it is dropped" {
	n=1
	events_of a 1709251200000 >events.csv
	printf 'user_id,since,Valid_To,is_current,plan_tier\na,,,t,x\n' >plans.csv
	ce-join -p -k user_id --valid-from since plans.csv events.csv >out 2>note
	holds note <<-'END'
		ce-join: warning: column Valid_To of plans.csv tells what comes later (--drop Valid_To)
		ce-join: warning: column is_current of plans.csv tells what comes later (--drop is_current)
	END
	ce-join -p --strict --drop Valid_To,is_current -k user_id --valid-from since plans.csv events.csv >out
	ce-join -p --strict -k user_id plans.csv events.csv >out # no history
}

# The law, on random histories: of each event the latest row of its key that is not later, by a search
# through all of them; histories in any order, times in several notations, at the times of events, before
# and after all of them.
@test "--valid-from: random histories, against a search through all rows" {
	cat >law.py <<-'END'
		import csv, datetime, random, subprocess, sys

		BASE = 1709251200000

		def written(r, t):
		    if t is None:
		        return ""
		    at = datetime.datetime.fromtimestamp(t / 1000, datetime.timezone.utc)
		    if r.random() < 0.3:
		        return str(t)
		    east = r.choice([None, 0, 90, -300])
		    local = (at + datetime.timedelta(minutes=east or 0)).strftime("%Y-%m-%dT%H:%M:%S.") + "%03d" % (t % 1000)
		    if east is None:
		        return local.replace("T", " ")
		    return local + ("Z" if east == 0 else "%s%02d:%02d" % ("-" if east < 0 else "+", abs(east) // 60, abs(east) % 60))

		def run(seed):
		    r = random.Random(seed)
		    keys = ["k%d" % i for i in range(r.choice([1, 2, 5]))] + ["a key of more than eleven bytes", "ü,\""]
		    spread = r.choice([3, 20, 1000])
		    history = {}
		    for _ in range(r.choice([1, 4, 30, 200])):
		        t = None if r.random() < 0.15 else BASE + r.randint(-2, spread + 2)
		        # Short texts lie in the table, long ones elsewhere.
		        history[r.choice(keys), t] = r.choice(["", "x", "y" * r.randint(1, 60), 'q"', ","])
		    rows = [(key, written(r, t), value) for (key, t), value in history.items()]
		    r.shuffle(rows)
		    events = sorted({(BASE + r.randint(0, spread), "e%03d" % r.randint(0, 400)) for _ in range(r.choice([1, 30, 300]))})
		    events = [(id, str(t), r.choice(keys + ["", "none"])) for t, id in events]
		    for path, head, table in ("h.csv", ("k", "since", "v"), rows), ("e.csv", ("event_id", "event_ts", "k"), events):
		        with open(path, "w", newline="") as f:
		            csv.writer(f, lineterminator="\n").writerows([head, *table])

		    def valid(key, t):
		        rows = [(-1 if s is None else s, v) for (k, s), v in history.items() if k == key and (s is None or s <= t)]
		        return max(rows)[1] if rows else None

		    found = [(*e, valid(e[2], int(e[1]))) for e in events]
		    for left in [], ["--left"]:
		        want = [e for e in found if left or e[3] is not None]
		        rest = [e[:3] for e in found if e[3] is None]
		        done = subprocess.run(["ce-join", "-p", *left, "--max-unmatched", "100%", "-k", "k", "--valid-from", "since", "h.csv",
		                               "--unmatched", "u.csv", "e.csv"], capture_output=True)
		        if not want:
		            assert done.returncode == 1 and b"none of" in done.stderr, (seed, done)
		            continue
		        assert done.returncode == 0, (seed, done)
		        got = list(csv.reader(done.stdout.decode().splitlines()))
		        assert got == [["event_id", "event_ts", "k", "v"], *([*e[:3], e[3] or ""] for e in want)], (seed, left)
		        with open("u.csv") as f:
		            assert list(csv.reader(f)) == [["event_id", "event_ts", "k"], *map(list, rest)], (seed, left)

		for seed in range(150):
		    run(seed)
	END
	python3 law.py
}

@test "--valid-from: 50,000 keys of four rows each find theirs" {
	awk 'BEGIN { print "k,since,v"; for (v = 3; v >= 0; v--) for (i = 0; i < 50000; i++)
		printf "key%d,%.0f,%d of key %d\n", i, 1709251200000 + v * 1000, v, i }' >dim.csv
	awk 'BEGIN { print "event_id,event_ts,k"; for (i = 0; i < 50000; i++)
		printf "%d,%.0f,key%d\n", i + 100000, 1709251200000 + int(i / 15), (i * 7919) % 50000 }' >events.csv
	ce-join -p -k k --valid-from since dim.csv events.csv >out
	awk -F, 'NR > 1 { k = substr($3, 4); v = int(($2 - 1709251200000) / 1000)
		if ($4 != v " of key " k) bad++ } END { if (NR != 50001 || bad) exit 1 }' out
}
