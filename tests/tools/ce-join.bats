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
	[ "$stderr" = "ce-join: nokey.csv:1: missing column user" ]
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
	[ "$stderr" = "ce-join: events.csv:1: missing column genre" ]
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
	printf 'event_ts,user\n5,a\n4,a\n' | ce-join -p -k user plans.csv >out
	[ "$(wc -l <out)" -eq 3 ]
}
