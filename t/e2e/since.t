# Parameters: which strings are which integers, and what is 422.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Test;

my $t = setup;
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $job = $t->job($tenant);

# Without a public event, latest_seq is since: what it was read as is seen.
$t->sql("SET session_replication_role = replica;
    UPDATE jobtail.job_event SET visibility = 'internal'
    WHERE job_id = (SELECT id FROM jobtail.job WHERE public_id = '$job')");

sub get ($query, $of = $job)
{
	return $t->get("/v1/jobs/$of/events?$query", key => $key);
}

my $most = '9223372036854775807';
my $least = '-9223372036854775808';
my %messages = (
	int_parsing => 'Input should be a valid integer, '
	    . 'unable to parse string as an integer',
	less_than_equal => 'Input should be less than or equal to ',
	greater_than_equal => 'Input should be greater than or equal to ',
);

# The entry of detail; the bound belongs to the two comparisons.
sub entry ($name, $type, $bound = '')
{
	return { loc => ['query', $name], type => $type,
		msg => $messages{$type}
		    . ($type eq 'int_parsing' ? '' : $bound) };
}

# What a test is called: a number alone is no name.
sub named ($sent)
{
	return length $sent > 60 ? length($sent) . ' characters' : "<$sent>";
}

# Integers as everybody reads them: what was sent, what it is.
my @integers = (
	[0 => 0], [5 => 5], [-5 => -5], ['007' => 7], ['00' => 0],
	['-0' => 0], ['-007' => -7], ['1_000' => 1000],
	['1_2_3' => 123], ['0_1' => 1], ['0_0' => 0],
	['1.0' => 1], ['1.00' => 1], ['0.0' => 0], ['-1.0' => -1],
	['-0.0' => 0], ['1_000.0' => 1000], ['007.000' => 7],
	['12345678901234567' => 12345678901234567],
	['9007199254740993' => 9007199254740993],
	['+5' => 5], ['%2B5' => 5], ['%2b5' => 5], ['%2B0' => 0],
	['%2B1_0.0' => 10], ['%35' => 5], ['%2D5' => -5], ['%31%5F0' => 10],
	['%205' => 5], ['5%20' => 5], ['+5+' => 5], ['++5++' => 5],
	['%20%2B5' => 5], ['+-5' => -5],
	# Unicode White_Space, before and behind
	(map { (["${_}5" => 5], ["5$_" => 5], ["$_${_}5$_" => 5]) }
	    qw(%09 %0A %0B %0C %0D %20 %C2%85 %C2%A0 %E1%9A%80 %E2%80%80
	    %E2%80%81 %E2%80%82 %E2%80%83 %E2%80%84 %E2%80%85 %E2%80%86
	    %E2%80%87 %E2%80%88 %E2%80%89 %E2%80%8A %E2%80%A8 %E2%80%A9
	    %E2%80%AF %E2%81%9F %E3%80%80)),
	['0' x 5000 . '1' => 1], ['1.' . '0' x 3000 => 1],
);

no warnings 'qw';
my @no_integers = (
	'', qw(five NaN inf -inf null true false None 1,000 5;6 =5 5= 1e3 1E3
	1e0 0x10 0b1 0o7 1.5 1.01 0.1 1. .0 -.0 -1. . 1.0.0 1..0 1.0_0 1._0
	1_.0 1__0 _1 1_ _ -_1 1_000_ 0__1 -- --1 -%2B1 %2B-1 %2B%2B5 -%201
	%2B%205 - %2B 1%202 1+2 1.+0 1+.0 0-1 5- 5%2B [5] {5} "5" '5' 5L 5n
	0xff ff 5a a5 %00 5%00 %005 %zz 5%zz %z %  5% 5%2 %2 %%35 5%FF %FF
	%C3 %C0%B5 %ED%A0%80 1%00), '%22five%22',
	# not White_Space: zero width, separators of C0, byte order mark
	(map { ("${_}5", "5$_") } qw(%E2%80%8B %EF%BB%BF %E1%A0%8E %1C %1D
	    %1E %1F %7F %C2%80 %E2%81%A0 %08)),
	# digits of others
	'%D9%A5', '%EF%BC%95', '%E0%A5%AB', '1%D9%A5', '%C2%B2',
	'%E2%88%925', '+', '%20', '+++', '%C2%A0', 'x' x 4000,
);
use warnings 'qw';

subtest 'since: integers' => sub {
	for (@integers, [$most => $most], [$least => $least],
	    ["00$most" => $most], ["$most.0" => $most],
	    ['9_223_372_036_854_775_807' => $most]) {
		my ($sent, $value) = @$_;
		my $answer = get("since=$sent");

		is($answer->{json}{latest_seq}, $value,
		    named($sent));
		like($answer->{content}, qr/"latest_seq":\s*\Q$value\E\}/,
		    '... as these digits') if $answer->{status} == 200;
	}
};

subtest 'since: no integers' => sub {
	for my $sent (@no_integers) {
		my $answer = get("since=$sent");

		is_deeply([$answer->{status}, $answer->{json}{detail}],
		    [422, [entry('since', 'int_parsing')]],
		    named($sent));
	}
	is(get('since')->{status}, 422, 'the name alone is an empty value');
};

subtest 'since: outside of 64 bits' => sub {
	for my $sent ('9223372036854775808', '18446744073709551616',
	    '99999999999999999999999999', '1' . '0' x 100,
	    '9223372036854775808.0', '9_223_372_036_854_775_808',
	    '%2B9223372036854775808', '9' x 4300, '9' x 6000) {
		is_deeply(get("since=$sent")->{json}{detail},
		    [entry('since', 'less_than_equal', $most)],
		    named($sent));
	}
	for my $sent ('-9223372036854775809', '-18446744073709551616',
	    '-9223372036854775809.0', '-' . '9' x 4300) {
		is_deeply(get("since=$sent")->{json}{detail},
		    [entry('since', 'greater_than_equal', $least)],
		    named($sent));
	}
};

subtest 'names, and how often' => sub {
	for (['since=5&since=6' => 6], ['since=x&since=6' => 6],
	    ['since=&since=6' => 6], ['%73ince=5' => 5], ['&&since=5&' => 5],
	    ['%73%69%6E%63%65=5' => 5], ['since=5&Since=6' => 5],
	    ['a=b&since=5&c' => 5], ['since=5&since[]=6' => 5],
	    ['limit=2&since=5' => 5], ['since=5&%73ince=6' => 6],
	    ['x=%zz&since=5' => 5], ['=&since=5' => 5]) {
		my ($query, $value) = @$_;

		is(get($query)->{json}{latest_seq}, $value, $query);
	}
	for my $query ('Since=5', 'SINCE=5', 'since[]=5', 'sinc=5', 'since5',
	    '+since=5', 'since+=5', 'since%3D5', 'xsince=five', '', '&',
	    'unknown=five', ';since=5', 'since%00=5') {
		my $answer = get($query);

		is_deeply([$answer->{status}, $answer->{json}{latest_seq}],
		    [200, undef], "<$query> is no since");
	}
	for my $query ('since=6&since=x', 'since=6&since=', 'since=6&since') {
		is(get($query)->{status}, 422, "$query: the last one counts");
	}
};

subtest 'limit' => sub {
	my $many = $t->job($tenant);

	$t->sql('SELECT ' . Jobtail::Test::event_call($many, 'stage')
	    . ' FROM generate_series(1, 29)');
	for (@integers) {
		my ($sent, $value) = @$_;
		my $name = named($sent);
		my $answer = get("limit=$sent", $many);

		if ($value >= 1 && $value <= 1000) {
			is(@{ $answer->{json}{events} // [] },
			    $value < 30 ? $value : 30, $name);
		} else {
			is_deeply($answer->{json}{detail}, [$value < 1
			    ? entry('limit', 'greater_than_equal', 1)
			    : entry('limit', 'less_than_equal', 1000)],
			    $name);
		}
	}
	is_deeply(get("limit=$_", $many)->{json}{detail},
	    [entry('limit', 'int_parsing')],
	    named($_))
	    for @no_integers;
	is(get('limit=1000', $many)->{status}, 200, 'limit=1000');
	is_deeply(get("limit=$_")->{json}{detail},
	    [entry('limit', 'less_than_equal', 1000)], named($_))
	    for 1001, $most, '9223372036854775808', '9' x 30;
	is_deeply(get("limit=$_")->{json}{detail},
	    [entry('limit', 'greater_than_equal', 1)], named($_))
	    for 0, -1, $least, '-9223372036854775809';
	is(@{ get('limit=1&limit=3', $many)->{json}{events} }, 3,
	    'the last one counts');
};

# On a closed timeline, which is answered at once whatever wait is.
subtest 'wait' => sub {
	my $closed = $t->job($tenant);

	$t->event($closed, 'succeeded');
	for (@integers) {
		my ($sent, $value) = @$_;
		my $name = named($sent);
		my $answer = get("wait=$sent", $closed);

		if ($value >= 0) {
			is($answer->{status}, 200, $name);
		} else {
			is_deeply($answer->{json}{detail},
			    [entry('wait', 'greater_than_equal', 0)], $name);
		}
	}
	is_deeply(get("wait=$_", $closed)->{json}{detail},
	    [entry('wait', 'int_parsing')],
	    named($_))
	    for @no_integers;
	is(get("wait=$_", $closed)->{status}, 200, "$_ is clamped")
	    for 1000000, $most, '9223372036854775808', '9' x 30;
	is_deeply(get("wait=$_", $closed)->{json}{detail},
	    [entry('wait', 'greater_than_equal', 0)], named($_))
	    for -1, $least, '-9223372036854775809', '-' . '9' x 30;
	is(get('wait=-1&wait=0', $closed)->{status}, 200,
	    'the last one counts');
};

done_testing;
